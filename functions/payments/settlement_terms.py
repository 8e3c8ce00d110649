"""When and how much of a merchant's balance goes to its bank card, as agreed or as configured."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pynamodb.expressions.update import Action

from functions.payments.models import AskedBy, SettlementCard
from functions.payments.records import ACTIVE, SETTLEMENT, Merchant, merchant_key
from shared import clock
from shared.errors import Problem, Texts
from shared.money import AMOUNT_LIMIT_MINOR
from shared.settings import settings
from shared.sweep import sweep
from shared.table import change, due_shard, due_shards, read
from shared.web.problems import InvalidField

OFF = "off"
_RUN_LIMIT = 500


class NoSettlementCard(Problem):
    status = 422
    code = "NO_SETTLEMENT_CARD"
    title = Texts("未绑定结算卡", "No card to settle to")
    detail = Texts(
        "商户尚未绑定结算银行卡，请联系运营人员。",
        "No bank card is bound to settle to. Please ask whoever looks after your account.",
    )


class SettlementTerms(NamedTuple):
    """at: `03:30` by the local clock each day, or `off`. minimum, reserve: minor units."""

    at: str
    minimum: int
    reserve: int


class Settling(NamedTuple):
    """All that a settlement must know of a merchant."""

    merchant_id: str
    name: str
    card: SettlementCard | None
    terms: SettlementTerms


def terms_of(merchant: Merchant) -> SettlementTerms:
    """Its own, as far as they were agreed on; else the configured ones."""
    own_minimum, own_reserve = merchant.settlement_minimum, merchant.settlement_reserve
    return SettlementTerms(
        at=merchant.settlement_at or settings().settlement_at,
        minimum=settings().settlement_minimum_minor if own_minimum is None else own_minimum,
        reserve=settings().settlement_reserve_minor if own_reserve is None else own_reserve,
    )


def settling(merchant: Merchant) -> Settling:
    card = merchant.settlement_card
    return Settling(
        merchant_id=merchant.merchant_id,
        name=merchant.name,
        card=card and SettlementCard(**card),
        terms=terms_of(merchant),
    )


def check_terms(at: str | None, minimum: int | None, reserve: int | None) -> None:
    """Raises InvalidField."""
    if at is not None and at != OFF:
        try:
            clock.next_local_time_seconds(at)
        except ValueError as error:
            reason = Texts("须为 03:30 这样的时间或 off", "takes a time like 03:30, or off")
            raise InvalidField(field="settlement_at", reason=reason) from error
    for field, amount, least in (
        ("settlement_minimum", minimum, 1),
        ("settlement_reserve", reserve, 0),
    ):
        if amount is not None and not least <= amount <= AMOUNT_LIMIT_MINOR:
            reason = Texts(f"须为 {least} 分或以上", f"takes {least} fen or more")
            raise InvalidField(field=field, reason=reason)


def next_settlement(merchant: Merchant) -> tuple[str | None, int | None]:
    """Where and until when a merchant waits for its next settlement by schedule, if it does."""
    at, wished = terms_of(merchant).at, bool(merchant.settlement_wish)
    if not merchant.settlement_card or (at == OFF and not wished):
        return None, None
    due_at = clock.seconds() if wished else clock.next_local_time_seconds(at)
    return due_shard(SETTLEMENT, merchant.merchant_id), due_at


def waiting(merchant: Merchant) -> list[Action]:
    """What has a merchant wait for its next settlement, by the terms that it has."""
    shard, due_at = next_settlement(merchant)
    if shard is None or due_at is None:
        return [Merchant.due_shard.remove(), Merchant.due_at.remove()]
    return [Merchant.due_shard.set(shard), Merchant.due_at.set(due_at)]


def settle_due(settle: Callable[[Settling, AskedBy, str], object]) -> int:
    """Has each merchant settled whose time has come; how many.

    settle: gets the merchant, who asks for it (`schedule` or `operator`), and the local day or the
    key of the operator's wish; it is safe to repeat for these. Only once it has come back does the
    merchant wait for its next time. Who is disabled is settled when an operator wishes it, and by
    no schedule: whether that money goes out is for people to say. Raises SweepIncomplete.
    """

    def dealt_with(due: Merchant) -> None:
        key = merchant_key(due.merchant_id)
        merchant = read([key]).one(Merchant, key)
        if merchant is None or merchant.due_at != due.due_at:
            return
        if merchant.settlement_wish:
            settle(settling(merchant), "operator", merchant.settlement_wish)
        elif merchant.status == ACTIVE:
            settle(settling(merchant), "schedule", _day_of(due))
        as_read = (Merchant.due_at == due.due_at) & (Merchant.version == merchant.version)
        merchant.settlement_wish = None
        next_time = [Merchant.settlement_wish.remove(), *waiting(merchant)]
        change(Merchant(due.pk, due.sk), next_time, as_read)

    return sweep("settle_merchants", _due(), dealt_with)


def _day_of(due: Merchant) -> str:
    return clock.local_moment(due.due_at or 0).date().isoformat()


def _due() -> Iterator[Merchant]:
    for shard in due_shards(SETTLEMENT):
        yield from Merchant.due.query(shard, Merchant.due_at <= clock.seconds(), limit=_RUN_LIMIT)
