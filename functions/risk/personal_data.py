"""What the rules of risk keep of a user: for the user to see, and to be forgotten with the user."""

from typing import Any

import msgspec

from functions.risk.records import (
    KnownPayee,
    RiskDecision,
    known_payee_key,
    risk_decision_key,
)
from shared import clock
from shared.table import delete_all

_READ_LIMIT = 1_000


class RiskDecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was more than a plain yes, and the facts about the user that it was made on.

    Which rules applied is left out: that would teach others how to get round them.
    """

    decision_id: str
    action: str
    subject: str
    facts: dict[str, Any]
    created_at: str


class KnownPayeeView(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    since: str


class RiskData(msgspec.Struct, frozen=True, kw_only=True):
    """The newest thousand decisions, and up to a thousand payees that the user is known to pay."""

    decisions: list[RiskDecisionView]
    known_payees: list[KnownPayeeView]


def export(user_id: str) -> RiskData:
    """All that is kept of a user, strongly consistent."""
    return RiskData(
        decisions=[
            RiskDecisionView(
                decision_id=one.decision_id,
                action=one.action,
                subject=one.subject,
                facts=one.facts,
                created_at=one.created_at,
            )
            for one in RiskDecision.query(
                risk_decision_key(user_id, 0, "").pk,
                consistent_read=True,
                scan_index_forward=False,
                limit=_READ_LIMIT,
            )
        ],
        known_payees=[
            KnownPayeeView(user_id=one.payee_id, since=clock.text_of(one.since * 1000))
            for one in KnownPayee.query(
                known_payee_key(user_id, "").pk, consistent_read=True, limit=_READ_LIMIT
            )
        ],
    )


def forget(user_id: str) -> None:
    """Deletes all of it. Done again, it changes nothing."""
    decisions = risk_decision_key(user_id, 0, "").pk
    delete_all(RiskDecision.query(decisions, consistent_read=True))
    delete_all(KnownPayee.query(known_payee_key(user_id, "").pk, consistent_read=True))
