"""All that the wallet holds on a user, for that user: what every list shows, and what none does,
with phone and mail address in full. So it takes the password.

Long lists begin here and go on where they are at home: a `next_cursor` is good for a GET of the
path that `go_on_at` names. What could only hurt is left out: hashes, keys, codes.
"""

from typing import Literal

import msgspec

from functions.diagnosis.attempts import listed
from functions.diagnosis.models import FailedAttemptsView
from functions.identity import two_factor
from functions.identity.contacts import email_of, phone_of
from functions.identity.devices import known_devices
from functions.identity.models import KnownDeviceView, SecurityEventPage, SessionPage
from functions.identity.origin import Origin, Seen
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User
from functions.identity.security_events import Happening, list_events, record
from functions.identity.sessions import list_sessions
from functions.notifications.choice import choice_of, stored_choice
from functions.notifications.inbox import notifications, stored_mark
from functions.notifications.models import ChoiceView, NotificationsQuery, NotificationsView
from functions.risk import personal_data
from functions.risk.personal_data import RiskData
from functions.support.models import TicketsView
from functions.support.views import list_own
from functions.topups.history import history as top_ups
from functions.topups.models import TopUpsView
from functions.wallet.cards import cards
from functions.wallet.models import CardsView, EntriesQuery, EntriesView, WalletView
from functions.wallet.statement import statement
from functions.wallet.wallet import wallet
from functions.withdrawals.history import history as withdrawals
from functions.withdrawals.models import WithdrawalsView
from shared import clock
from shared.ledger.records import Account
from shared.observability import count, logger
from shared.settings import settings
from shared.table import write
from shared.web.pages import PageQuery

_LISTS = {
    "sessions": "/v1/sessions",
    "security_events": "/v1/me/security-events",
    "cards": "/v1/cards",
    "entries": "/v1/wallet/entries",
    "notifications": "/v1/notifications",
    "failed_attempts": "/v1/me/failed-attempts",
    "tickets": "/v1/support/tickets",
    "top_ups": "/v1/top-ups",
    "withdrawals": "/v1/withdrawals",
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a user. `phone` in E.164; `last_country` is that of the newest sign-in."""

    user_id: str
    phone: str
    email: str | None
    language: Literal["zh", "en"]
    created_at: str
    password_changed_at: str | None
    two_factor: Literal["off", "on"]
    cool_down_until: str | None
    last_sign_in_at: str | None
    last_country: str | None
    disputed_at: str | None


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """Each list is its first page. `go_on_at`: where a list with a `next_cursor` goes on."""

    made_at: str
    person: Person
    wallet: WalletView
    devices: list[KnownDeviceView]
    sessions: SessionPage
    security_events: SecurityEventPage
    cards: CardsView
    entries: EntriesView
    top_ups: TopUpsView
    withdrawals: WithdrawalsView
    failed_attempts: FailedAttemptsView
    notifications: NotificationsView
    notification_choice: ChoiceView
    tickets: TicketsView
    risk: RiskData
    go_on_at: dict[str, str]


def export(
    user: User,
    account: Account | None,
    *,
    password: str,
    session_id: str,
    language: str,
    origin: Origin,
    seen: Seen,
) -> PersonalData:
    """language: `zh` or `en`, for what stands in it in words.

    Raises WrongPassword, AccountLocked, NotFound, ServiceUnavailable.
    """
    phone = phone_of(user)
    if not proves(password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    # Told first: who has read this has it, whatever happens after.
    exported = record(user.user_id, Happening.DATA_EXPORTED, origin=origin)
    write(*forgiving(phone, origin), exported)
    logger.info("data_exported", extra={"user_id": user.user_id})
    count("DataExports")
    user_id, page = user.user_id, PageQuery(limit=settings().page_size_limit)
    return PersonalData(
        made_at=clock.now_text(),
        person=_person(user, phone),
        wallet=wallet(account, seen),
        devices=known_devices(user_id),
        sessions=list_sessions(user_id, session_id, page),
        security_events=list_events(user_id, page),
        cards=cards(user_id, page),
        entries=statement(user_id, EntriesQuery(limit=page.limit)),
        top_ups=top_ups(user_id, page),
        withdrawals=withdrawals(user_id, page, language=language),
        failed_attempts=listed(user_id, page, language=language),
        notifications=notifications(
            user_id,
            stored_mark(user_id),
            NotificationsQuery(limit=page.limit),
            language=user.language,
        ),
        notification_choice=choice_of(user_id, stored_choice(user_id)),
        tickets=list_own(user_id, page),
        risk=personal_data.export(user_id),
        go_on_at=_LISTS,
    )


def _person(user: User, phone: str) -> Person:
    return Person(
        user_id=user.user_id,
        phone=phone,
        email=email_of(user),
        language="en" if user.language == "en" else "zh",
        created_at=user.created_at,
        password_changed_at=_moment(user.password_changed_at),
        two_factor="off" if two_factor.enabled(user.user_id) is None else "on",
        cool_down_until=_moment(user.cool_down_until),
        last_sign_in_at=_moment(user.last_sign_in_at),
        last_country=user.last_country,
        disputed_at=_moment(user.disputed_at),
    )


def _moment(at_seconds: float | None) -> str | None:
    return clock.text_of(int(at_seconds) * 1000) if at_seconds else None
