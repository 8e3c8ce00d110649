"""What an agent sees of a user beside a ticket: masked, and for reading alone.

Every look is in the audit trail before anything is shown. What is hidden is shown for a reason,
which is kept too.
"""

from functions.agents import audit
from functions.agents.actor import Actor
from functions.diagnosis.attempts import failed_attempts
from functions.diagnosis.attempts import view as attempt_view
from functions.diagnosis.last_failure import last_failure
from functions.identity import two_factor
from functions.identity.contacts import email_of, phone_of
from functions.identity.devices import known_devices
from functions.identity.directory import User, user_of
from functions.identity.security_events import list_events
from functions.support.desk.access import looked_at, workable
from functions.support.desk.models import (
    FactsView,
    Field,
    MovementSeen,
    UnmaskedView,
    UnmaskRequest,
)
from functions.wallet.models import EntriesQuery
from functions.wallet.statement import statement
from functions.withdrawals.history import history as withdrawals
from shared import mail
from shared.errors import NotFound
from shared.ledger.accounts import find_account
from shared.ledger.records import Account
from shared.web.pages import PageQuery

_SHOWN = 10


def facts(ticket_id: str, *, by: Actor, language: str) -> FactsView:
    """Of the user of a ticket. Raises NotFound, also where nobody knows who its person is,
    OwnAccount.
    """
    ticket = looked_at(ticket_id, by, "facts_seen")
    user, account = _user(ticket.user_id)
    email, page = email_of(user), PageQuery(limit=_SHOWN)
    return FactsView(
        user_id=user.user_id,
        phone=str(account.label),
        email=mail.masked(email) if email else None,
        language=user.language,
        registered_at=user.created_at,
        account_status=account.status,
        disputed=user.disputed_at is not None,
        two_factor=two_factor.enabled(user.user_id) is not None,
        hidden=["phone", "balance", *(["email"] if email else [])],
        devices=known_devices(user.user_id)[:_SHOWN],
        security_events=list_events(user.user_id, page).items,
        last_failure=last_failure(user.user_id, language),
        failed_attempts=[
            attempt_view(one, language=language) for one in failed_attempts(user.user_id, _SHOWN)
        ],
        movements=_movements(user.user_id),
        withdrawals=withdrawals(user.user_id, page, language=language).items,
    )


def unmask(ticket_id: str, wish: UnmaskRequest, *, by: Actor) -> UnmaskedView:
    """One field in full, for a reason. Raises NotFound, OwnAccount."""
    ticket = workable(ticket_id, by)
    user, account = _user(ticket.user_id)
    audit.note(
        by,
        "field_unmasked",
        user.user_id,
        after={"field": wish.field, "reason": wish.reason, "ticket_id": ticket_id},
    )
    return UnmaskedView(field=wish.field, value=_value(wish.field, user, account))


def _movements(user_id: str) -> list[MovementSeen]:
    return [
        MovementSeen(
            kind=entry.kind,
            direction=entry.direction,
            amount=entry.amount,
            currency=entry.currency,
            counterparty=entry.counterparty.name if entry.counterparty else None,
            note=entry.note,
            created_at=entry.created_at,
            reference=entry.reference,
        )
        for entry in statement(user_id, EntriesQuery(limit=_SHOWN)).items
    ]


def _value(field: Field, user: User, account: Account) -> str:
    if field == "balance":
        return str(account.available)
    value = phone_of(user) if field == "phone" else email_of(user)
    if value is None:
        raise NotFound
    return value


def _user(user_id: str | None) -> tuple[User, Account]:
    user = user_of(user_id) if user_id else None
    account = find_account(user_id) if user_id else None
    if user is None or account is None:
        raise NotFound
    return user, account
