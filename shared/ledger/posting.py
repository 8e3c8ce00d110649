"""Moving money now: `post`, and `reverse`, which posts the opposite of an earlier transfer.

A transfer is one `TransactWriteItems`. Its id is derived from who asks, for what, and the
idempotency key, so a replay runs into the item of the first time and gives its answer.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from shared import clock
from shared.dynamodb import pause
from shared.errors import IdempotencyKeyReused, NotFound, Problem, ServiceUnavailable
from shared.identifiers import derived_id
from shared.ledger.bank_day import put_in_day
from shared.ledger.errors import ReversalExceedsOriginal
from shared.ledger.records import POSTED, REFUSED, SETTLED, Transfer, transfer_key
from shared.ledger.sides import Party, Side, moved_amount
from shared.money import Money, display
from shared.settings import settings
from shared.table import Cancelled, Write, put, put_new, read, update, write

_TRIES = 30
_READ_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What is to be moved, and why. `fingerprint` is of the request that asks for it, `risk` what
    was decided on that. `merchant_fee` is the part of the amount, in minor units, that a merchant
    who is paid leaves to the house, or gets back from it in a reversal.
    """

    transfer_id: str
    kind: str
    amount: Money
    fingerprint: str | None = None
    note: str | None = None
    reference: str | None = None
    reverses: str | None = None
    risk: Mapping[str, Any] | None = None
    merchant_fee: int = 0

    def __post_init__(self) -> None:
        if self.amount.amount < 1:
            raise ValueError("a movement is of one minor unit or more")
        if not 0 <= self.merchant_fee <= self.amount.amount:
            raise ValueError("a merchant's fee is a part of the amount")

    def transfer(self, *, debit: Party, credit: Party, status: str) -> Transfer:
        """The record of this movement between two sides, not yet written."""
        return Transfer(
            *transfer_key(self.transfer_id)[1:],
            transfer_id=self.transfer_id,
            kind=self.kind,
            status=status,
            debit=debit.account_id,
            credit=credit.account_id,
            debit_label=debit.label,
            credit_label=credit.label,
            amount=self.amount.amount,
            currency=self.amount.currency,
            created_at=clock.now_text(),
            fingerprint=self.fingerprint,
            note=self.note,
            reference=self.reference,
            reverses=self.reverses,
            risk=None if self.risk is None else dict(self.risk),
            merchant_fee=self.merchant_fee or None,
        )


class Posting(NamedTuple):
    """A transfer that stands, and whether an earlier request had made it."""

    transfer: Transfer
    replayed: bool


def transfer_id(*, account_id: str, operation: str, idempotency_key: str) -> str:
    """The id that a request's transfer has, before it is made and ever after."""
    return derived_id("t", account_id, operation, idempotency_key)


def post(
    movement: Movement, *, debit: Side, credit: Side, together_with: Sequence[Write] = ()
) -> Posting:
    """Moves the amount from `debit` to `credit` now, once, or raises and moves nothing.

    together_with: writes of the calling domain that must happen with it or not at all. When one
        of their conditions fails, Cancelled passes through to the caller.
    Raises the problems of the sides, IdempotencyKeyReused, ServiceUnavailable.
    """
    between_two(debit, credit)
    transfer = movement.transfer(debit=debit, credit=credit, status=POSTED)
    put_in_day(transfer)
    return commit(transfer, lambda: put(transfer), [debit, credit], [credit, debit], together_with)


def reverse(
    original_id: str,
    *,
    amount: Money,
    idempotency_key: str,
    debit: Side,
    credit: Side,
    kind: str = "reversal",
    note: str | None = None,
    merchant_fee: int = 0,
    together_with: Sequence[Write] = (),
) -> Posting:
    """Moves `amount` of an earlier transfer back by a transfer of its own that points to it.

    debit and credit are the sides of the way back; merchant_fee: what the house gives back of its
    fee; together_with: as of `post`. The sum of all reversals never exceeds what the original
    moved.
    Raises NotFound, ReversalExceedsOriginal, and what `post` raises.
    """
    original = find(original_id)
    if original is None or original.status not in (POSTED, SETTLED):
        raise NotFound
    movement = Movement(
        transfer_id=reversal_id(original_id, idempotency_key),
        kind=kind,
        amount=amount,
        fingerprint=_reversal_fingerprint(amount),
        note=note,
        reverses=original_id,
        reference=original.reference,
        merchant_fee=merchant_fee,
    )
    counting = update(
        Transfer(original.pk, original.sk),
        [Transfer.reversed_amount.set(Transfer.reversed_amount + amount.amount)],
        (Transfer.reversed_amount <= moved_amount(original) - amount.amount)
        & (Transfer.currency == amount.currency),
    )
    try:
        return post(movement, debit=debit, credit=credit, together_with=[counting, *together_with])
    except Cancelled as cancelled:
        if not cancelled.failed(counting):
            raise
        standing = cast(Transfer, cancelled.standing(counting))
        left = moved_amount(standing) - standing.reversed_amount
        raise ReversalExceedsOriginal(left_display=display(left), left=left) from cancelled


def reversal_id(original_id: str, idempotency_key: str) -> str:
    """The id of the transfer that `reverse` makes."""
    return derived_id("t", original_id, "reverse", idempotency_key)


def refuse(movement: Movement, problem: Problem, *, debit: Party, credit: Party) -> Problem:
    """Remembers that a request was refused, so that its replay gets the same answer.

    Gives the problem to raise: the one given, or what an earlier request with this key was told.
    Raises IdempotencyKeyReused. When the earlier request succeeded, there is nothing to refuse,
    and ServiceUnavailable asks the caller to send it again.
    """
    transfer = movement.transfer(debit=debit, credit=credit, status=REFUSED)
    transfer.refusal = problem.to_record()
    transfer.ttl = clock.seconds() + settings().refusal_kept_seconds
    if put_new(transfer):
        return problem
    earlier = find(movement.transfer_id)
    if earlier is None:
        return ServiceUnavailable()
    return _earlier_refusal(earlier, movement.fingerprint) or ServiceUnavailable()


def replay(earlier: Transfer, fingerprint: str | None) -> Posting:
    """The first answer again. Raises IdempotencyKeyReused, or the refusal that was remembered."""
    refusal = _earlier_refusal(earlier, fingerprint)
    if refusal:
        raise refusal
    return Posting(earlier, replayed=True)


def between_two(debit: Party, credit: Party) -> None:
    """Raises ValueError where an account would pay itself."""
    if debit.account_id == credit.account_id:
        raise ValueError("a transfer is between two accounts")


def find(transfer_id: str) -> Transfer | None:
    """A transfer by its id, strongly consistent."""
    key = transfer_key(transfer_id)
    return read([key]).one(Transfer, key)


def find_all(transfer_ids: Iterable[str]) -> dict[str, Transfer]:
    """Those that there are, by their ids, strongly consistent."""
    found, waiting = {}, iter(sorted(transfer_ids))
    while some := list(islice(waiting, _READ_AT_ONCE)):
        keys = {transfer_id: transfer_key(transfer_id) for transfer_id in some}
        records = read(keys.values())
        for transfer_id, key in keys.items():
            if transfer := records.one(Transfer, key):
                found[transfer_id] = transfer
    return found


def commit(
    transfer: Transfer,
    transfer_write: Callable[[], Write],
    sides: Sequence[Side],
    counterparties: Sequence[Side],
    together_with: Sequence[Write] = (),
) -> Posting:
    """Writes a transfer with its sides; tries again while others are faster on their accounts."""
    for attempt in range(_TRIES):
        own = transfer_write()
        parts = [
            part
            for side, counterparty in zip(sides, counterparties, strict=True)
            for part in side.writes(transfer, counterparty)
        ]
        try:
            write(own, *parts, *together_with)
            return Posting(transfer, replayed=False)
        except Cancelled as cancelled:
            if cancelled.failed(own):
                return replay(_standing(cancelled, own), transfer.fingerprint)
            # While the transfer is in use, its first request may be at work, and what the other
            # parts say is then the effect of that one.
            if not cancelled.undecided(own):
                if any(cancelled.failed(part) for part in together_with):
                    raise
                learned = [side.learn(cancelled) for side in sides]
                if not any(learned):
                    raise
        # What a refusal brought back is fresh, so the next try follows at once. When that is late
        # too there is a crowd: step back, and let the try after the pause bring the news.
        if attempt % 2:
            pause(attempt // 2)
    raise ServiceUnavailable


def _standing(cancelled: Cancelled, own: Write) -> Transfer:
    standing = cancelled.standing(own)
    if standing is None:
        raise NotFound from cancelled
    return cast(Transfer, standing)


def _earlier_refusal(earlier: Transfer, fingerprint: str | None) -> Problem | None:
    if earlier.fingerprint != fingerprint:
        return IdempotencyKeyReused()
    if earlier.status == REFUSED:
        return Problem.from_record(earlier.refusal)
    return None


def _reversal_fingerprint(amount: Money) -> str:
    return hashlib.sha256(f"{amount.amount} {amount.currency}".encode()).hexdigest()
