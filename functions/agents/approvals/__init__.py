"""Things that happen only when several people say so. See `docs/agents.md`.

A domain registers what it would do with `action`, and proposes it with `propose`.
"""

from functions.agents.approvals.kinds import Approved, action
from functions.agents.approvals.proposal import OwnAccount, Proposal, Subject, propose, proposing

__all__ = ["Approved", "OwnAccount", "Proposal", "Subject", "action", "propose", "proposing"]
