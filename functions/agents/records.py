"""The records of agents, in the table `records`.

| record       | pk                        | sk                           |
|--------------|---------------------------|------------------------------|
| Agent        | `AGENTS`                  | `<agent id>`                 |
| Invitation   | `INVITATION#<id>`         | `INVITATION`                 |
| Approval     | `APPROVAL#<approval id>`  | `APPROVAL`                   |
| ApprovalLine | `APPROVALS#<state>`       | `<time>#<approval id>`       |
| AuditRecord  | `AUDIT#<month>`           | `<milliseconds><chance>`     |

The sessions of an agent and the tries at their password are records of identity, under
`AGENT#<agent id>` and `TRIES#<agent id>`.
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute, UnicodeSetAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

INVITED, ACTIVE, DISABLED = "invited", "active", "disabled"
PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
EXECUTED, FAILED, EXPIRED = "executed", "failed", "expired"


class Agent(DomainRecord):
    """Somebody who works for us. All stand in one partition, for they are few and listed often.

    `email` and `totp_secret` are sealed. `last_step` is the last step of time used, `sign_ins`
    counts the sessions that were started: whoever must end all of them makes it a condition.
    `invitation_id` is the one invitation that is good, `user_id` the account that the agent has
    with us as a user, on which they never act.
    """

    agent_id = UnicodeAttribute()
    email = UnicodeAttribute()
    roles: Any = UnicodeSetAttribute()
    status = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    password_hash = UnicodeAttribute(null=True)
    totp_secret = UnicodeAttribute(null=True)
    last_step = IntegerAttribute(default=0)
    sign_ins = IntegerAttribute(default=0)
    invitation_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()


class Invitation(DomainRecord):
    """What lets an agent set password and authenticator, once. Of its secret only a hash is kept.

    `password_hash` and `totp_secret` (sealed) are what the agent has chosen and not yet confirmed,
    `used_with` a keyed hash of the code that confirmed it.
    """

    agent_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    expires_at = IntegerAttribute()
    password_hash = UnicodeAttribute(null=True)
    totp_secret = UnicodeAttribute(null=True)
    used_with = UnicodeAttribute(null=True)


class Approval(DomainRecord):
    """Something that happens only when enough people say yes. Times are seconds but for the texts.

    `what` is what would happen, `owners` the ids of the users whose accounts it touches, `needed`
    how many others than the proposer must say yes. `decisions` are in their order, `votes` how many
    there are. `failure` is the code of the refusal that its action met for good. While something is
    still to be done it waits in the index `due`.
    """

    approval_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    subject_kind = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    owners: Any = JSONAttribute()
    what: Any = JSONAttribute()
    role = UnicodeAttribute()
    needed = IntegerAttribute()
    proposed_by = UnicodeAttribute()
    proposer = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    state = UnicodeAttribute()
    decisions: Any = JSONAttribute()
    votes = IntegerAttribute(default=0)
    failure = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    expires_at = IntegerAttribute()
    ended_at = UnicodeAttribute(null=True)


class ApprovalLine(DomainRecord):
    """Where an approval stands in the list of its state; `role` and `proposed_by` as there."""

    approval_id = UnicodeAttribute()
    role = UnicodeAttribute()
    proposed_by = UnicodeAttribute()


class AuditRecord(DomainRecord):
    """Something that was done here. It is written once and never changed.

    `who` is an agent, an operator or the system, `about` what it was done to. `before` and `after`
    hold what changed, never a secret.
    """

    audit_id = UnicodeAttribute()
    who = UnicodeAttribute()
    deed = UnicodeAttribute()
    about = UnicodeAttribute()
    at = UnicodeAttribute()
    request_id = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    before: Any = JSONAttribute(null=True)
    after: Any = JSONAttribute(null=True)


def agent_key(agent_id: str) -> Key:
    return Key(Agent, "AGENTS", agent_id)


def invitation_key(invitation_id: str) -> Key:
    return Key(Invitation, f"INVITATION#{invitation_id}", "INVITATION")


def approval_key(approval_id: str) -> Key:
    return Key(Approval, f"APPROVAL#{approval_id}", "APPROVAL")


def approval_lines(state: str) -> str:
    return f"APPROVALS#{state}"


def audit_month(month: str) -> str:
    """month: `2026-11`."""
    return f"AUDIT#{month}"
