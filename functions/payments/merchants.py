"""Merchants: who is paid, and the keys they sign with. Only operators make and change them.

A merchant has one key or two, all of them good: a new one is made, the merchant begins to use it,
then the old one is revoked. A key's secret is shown once, when it is made.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pynamodb.expressions.update import Action

from functions.agents import audit
from functions.agents.actor import Actor
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.tokens import new_secret
from functions.payments.models import MerchantView, SettlementCard, fault_of_url
from functions.payments.records import (
    ACTIVE,
    DISABLED,
    Merchant,
    MerchantLine,
    merchant_key,
    merchant_line_key,
)
from functions.payments.settlement_terms import (
    NoSettlementCard,
    check_terms,
    next_settlement,
    terms_of,
    waiting,
)
from shared import clock
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.ledger.accounts import merchant_balance, merchant_status_change, opening_merchant
from shared.table import Cancelled, Write, put, read, update, write
from shared.web.problems import InvalidField

KEYS_LIMIT = 2
FEE_LIMIT_BASIS_POINTS = 1_000
_NAME_LIMIT = 40
_TRIES = 5
# What says when a merchant is settled next. Whatever else changes must not put that off.
_WHEN_SETTLED = frozenset({"settlement_card", "settlement_at"})


class TooManyKeys(Problem):
    status = 409
    code = "TOO_MANY_KEYS"
    title = Texts("密钥过多", "Too many keys")
    detail = Texts(
        "商户已有 {limit} 个有效密钥，请先停用旧密钥。",
        "The merchant has {limit} keys. Revoke the old one first.",
    )


class LastKey(Problem):
    status = 409
    code = "LAST_KEY"
    title = Texts("唯一密钥", "The only key")
    detail = Texts(
        "这是商户唯一的密钥，请先生成新密钥，或停用商户。",
        "This is the only key. Make a new one first, or disable the merchant.",
    )


class MadeKey(NamedTuple):
    """The only sight of a secret."""

    merchant_id: str
    key_id: str
    secret: str


class Terms(NamedTuple):
    """What is agreed with a merchant; None leaves it as it is, or unsaid."""

    name: str | None = None
    fee_basis_points: int | None = None
    notify_url: str | None = None
    settlement_card: SettlementCard | None = None
    settlement_at: str | None = None
    settlement_minimum: int | None = None
    settlement_reserve: int | None = None


def find_merchant(merchant_id: str) -> Merchant | None:
    key = merchant_key(merchant_id)
    return read([key]).one(Merchant, key)


def secrets_of(merchant: Merchant) -> list[str]:
    """All secrets of a merchant, the newest first. Raises ServiceUnavailable."""
    return [
        open_sealed(one["sealed"], of=_place(merchant.merchant_id, one["key_id"]))
        for one in merchant.secrets
    ]


def add(terms: Terms, *, by: Actor) -> MadeKey:
    """Makes a merchant with an account in the ledger and a key. Raises InvalidField."""
    _check(terms)
    if not terms.name:
        raise InvalidField(field="name", reason=Texts("必填", "is required"))
    merchant_id = new_id("m")
    made, kept = _new_key(merchant_id)
    merchant = Merchant(
        *merchant_key(merchant_id)[1:],
        merchant_id=merchant_id,
        status=ACTIVE,
        secrets=[kept],
        created_at=clock.now_text(),
        **_stored(terms),
    )
    merchant.due_shard, merchant.due_at = next_settlement(merchant)
    write(
        put(merchant),
        put(MerchantLine(*merchant_line_key(merchant_id)[1:])),
        *opening_merchant(merchant_id, label=terms.name),
        audit.record(by, "merchant_added", merchant_id, after=_told(_stored(terms))),
    )
    return made


def change(merchant_id: str, terms: Terms, *, by: Actor) -> str:
    """Agrees on other terms, for orders that are made from now on; gives the id.

    Raises InvalidField, NotFound.
    """
    _check(terms)
    given = _stored(terms)

    def changing(merchant: Merchant) -> "_Change":
        before = {name: getattr(merchant, name) for name in given}
        deed = audit.record(
            by, "merchant_changed", merchant_id, before=_told(before), after=_told(given)
        )
        actions = [getattr(Merchant, name).set(value) for name, value in given.items()]
        if not given.keys() & _WHEN_SETTLED:
            return _Change(actions, [deed])
        for name, value in given.items():
            setattr(merchant, name, value)
        return _Change([*actions, *waiting(merchant)], [deed])

    _change(merchant_id, changing)
    return merchant_id


def make_key(merchant_id: str, *, by: Actor) -> MadeKey:
    """One more key, good beside the one there is. Raises NotFound, TooManyKeys."""
    made, kept = _new_key(merchant_id)

    def changing(merchant: Merchant) -> "_Change":
        if len(merchant.secrets) >= KEYS_LIMIT:
            raise TooManyKeys(limit=KEYS_LIMIT)
        after = {"key_id": made.key_id}
        deed = audit.record(by, "merchant_key_made", merchant_id, after=after)
        return _Change([Merchant.secrets.set([kept, *merchant.secrets])], [deed])

    _change(merchant_id, changing)
    return made


def revoke_key(merchant_id: str, key_id: str, *, by: Actor) -> str:
    """Ends a key at once; gives the id of the merchant. Raises NotFound, LastKey."""

    def changing(merchant: Merchant) -> "_Change":
        left = [one for one in merchant.secrets if one["key_id"] != key_id]
        if len(left) == len(merchant.secrets):
            raise NotFound
        if not left:
            raise LastKey
        deed = audit.record(by, "merchant_key_revoked", merchant_id, before={"key_id": key_id})
        return _Change([Merchant.secrets.set(left)], [deed])

    _change(merchant_id, changing)
    return merchant_id


def disable(merchant_id: str, *, by: Actor) -> str:
    """Ends all that a merchant may do, at once: its signatures count no more, and nobody can pay
    it. What it owes can still be taken from its account. Gives the id. Raises NotFound.
    """
    return _set_status(merchant_id, DISABLED, by)


def enable(merchant_id: str, *, by: Actor) -> str:
    """Lets a disabled merchant go on; gives the id. Raises NotFound."""
    return _set_status(merchant_id, ACTIVE, by)


def settle_now(merchant_id: str, *, by: Actor) -> str:
    """Has all that may go paid out by the next run of the schedule, also of a disabled merchant.

    Wished twice before that, it is one wish. Gives the id. Raises NotFound, NoSettlementCard.
    """

    def changing(merchant: Merchant) -> _Change:
        if not merchant.settlement_card:
            raise NoSettlementCard
        merchant.settlement_wish = merchant.settlement_wish or new_id("sw")
        deed = audit.record(by, "merchant_settlement_wished", merchant_id)
        wishing = Merchant.settlement_wish.set(merchant.settlement_wish)
        return _Change([wishing, *waiting(merchant)], [deed])

    _change(merchant_id, changing)
    return merchant_id


def list_merchants() -> list[MerchantView]:
    """All of them, the oldest ids first."""
    lines = MerchantLine.query(merchant_line_key("").pk, consistent_read=True)
    found = (find_merchant(line.sk) for line in lines)
    return [_view(merchant) for merchant in found if merchant]


class _Change(NamedTuple):
    """What changes in a merchant, and what is written with it."""

    actions: Sequence[Action]
    along: Sequence[Write]


def _set_status(merchant_id: str, status: str, by: Actor) -> str:
    def changing(merchant: Merchant) -> _Change:
        before, after = {"status": merchant.status}, {"status": status}
        deed = audit.record(by, "merchant_status", merchant_id, before=before, after=after)
        accounts = merchant_status_change(merchant_id, receives=status == ACTIVE)
        return _Change([Merchant.status.set(status)], [*accounts, deed])

    _change(merchant_id, changing)
    return merchant_id


def _change(merchant_id: str, changing: Callable[[Merchant], _Change]) -> None:
    """Changes a merchant if nothing else did; tries again if something has."""
    for _ in range(_TRIES):
        merchant = find_merchant(merchant_id)
        if merchant is None:
            raise NotFound
        actions, along = changing(merchant)
        version = merchant.version
        own = update(
            Merchant(merchant.pk, merchant.sk),
            [*actions, Merchant.version.set(version + 1)],
            Merchant.version == version,
        )
        try:
            write(own, *along)
        except Cancelled as cancelled:
            if not cancelled.failed(own):
                raise
            continue
        return
    raise ServiceUnavailable


def _new_key(merchant_id: str) -> tuple[MadeKey, dict[str, Any]]:
    made = MadeKey(merchant_id, new_id("mk"), new_secret())
    sealed = seal(made.secret, of=_place(merchant_id, made.key_id))
    return made, {"key_id": made.key_id, "sealed": sealed, "created_at": clock.now_text()}


def _place(merchant_id: str, key_id: str) -> str:
    return place(merchant_key(merchant_id), f"secret/{key_id}")


def _stored(terms: Terms) -> dict[str, Any]:
    card = terms.settlement_card
    given = {**terms._asdict(), "settlement_card": card and card.stored()}
    return {name: value for name, value in given.items() if value is not None}


def _told(given: dict[str, Any]) -> dict[str, Any]:
    """The same for the audit trail, without the token that stands for a card."""
    card = given.get("settlement_card")
    shown = {name: value for name, value in (card or {}).items() if name != "card_token"}
    return given | ({"settlement_card": shown} if card else {})


def _check(terms: Terms) -> None:
    if terms.name is not None and not 0 < len(terms.name.strip()) <= _NAME_LIMIT:
        reason = Texts(f"1 至 {_NAME_LIMIT} 个字符", f"takes 1 to {_NAME_LIMIT} characters")
        raise InvalidField(field="name", reason=reason)
    if not 0 <= (terms.fee_basis_points or 0) <= FEE_LIMIT_BASIS_POINTS:
        limit = FEE_LIMIT_BASIS_POINTS
        reason = Texts(f"0 至 {limit} 个基点", f"takes 0 to {limit} basis points")
        raise InvalidField(field="fee_basis_points", reason=reason)
    if terms.notify_url is not None and (fault := fault_of_url(terms.notify_url)):
        raise InvalidField(field="notify_url", reason=Texts(*fault))
    check_terms(terms.settlement_at, terms.settlement_minimum, terms.settlement_reserve)


def _view(merchant: Merchant) -> MerchantView:
    own = merchant.fee_basis_points
    card, agreed = merchant.settlement_card, terms_of(merchant)
    return MerchantView(
        merchant_id=merchant.merchant_id,
        name=merchant.name,
        status=merchant.status,  # type: ignore[arg-type]  # our two words
        keys=[one["key_id"] for one in merchant.secrets],
        fee_basis_points=None if own is None else int(own),
        notify_url=merchant.notify_url,
        settlement_card=card and SettlementCard(**card).shown(),
        settlement_at=agreed.at,
        settlement_minimum=agreed.minimum,
        settlement_reserve=agreed.reserve,
        balance=merchant_balance(merchant.merchant_id),
        created_at=merchant.created_at,
    )
