"""The ledger as one would explain it to a child: some dictionaries, one thing at a time.

Methods answer what the real ledger must: a status, or the problem to raise. No conditions, no
shards, no entries, no retries.
"""

from dataclasses import dataclass, field

from shared.errors import IdempotencyKeyReused, NotFound, Problem
from shared.ledger.accounts import FEES
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    CreditRefused,
    HoldEnded,
    InsufficientFunds,
    LimitExceeded,
    ReversalExceedsOriginal,
)

Outcome = str | type[Problem]


@dataclass
class PlainAccount:
    """May go below zero only if it is the house's; only users' change their status."""

    house: bool = False
    available: int = 0
    held: int = 0
    status: str = "active"
    day: int = 0
    used: int = 0


@dataclass
class PlainTransfer:
    payer: str
    payee: str
    amount: int
    fingerprint: str
    status: str = ""
    expires_at: int = 0
    day: int | None = None
    moved: int = 0
    fee: int = 0
    reversed: int = 0
    refusal: type[Problem] | None = None


@dataclass
class PlainLedger:
    limit: int
    accounts: dict[str, PlainAccount]
    transfers: dict[str, PlainTransfer] = field(default_factory=dict)

    def post(self, name: str, wish: PlainTransfer) -> Outcome:
        return self._once(name, wish) or self._refusal(wish) or self._moved(name, wish)

    def hold(self, name: str, wish: PlainTransfer) -> Outcome:
        if told := self._once(name, wish) or self._payer_refusal(wish):
            return told
        payer = self.accounts[wish.payer]
        payer.available -= wish.amount
        payer.held += wish.amount
        self._use(wish)
        self.transfers[name] = wish
        wish.status = "held"
        return "held"

    def settle(self, name: str, amount: int, fee: int, *, fee_name: str) -> Outcome:
        held = self.transfers.get(name)
        if held is None or not held.expires_at:
            return NotFound
        if held.status != "held":
            same = (held.status, held.moved, held.fee) == ("settled", amount, fee)
            return "settled" if same else HoldEnded
        payer, payee = self.accounts[held.payer], self.accounts[held.payee]
        if payer.status == "frozen":
            return AccountFrozen
        if payee.status == "closed":
            return CreditRefused
        self._give_back(held, held.amount - amount - fee)
        payer.held -= amount + fee
        payee.available += amount
        held.moved, held.fee, held.status = amount, fee, "settled"
        if fee:
            self.accounts[FEES].available += fee
            charged = PlainTransfer(held.payer, FEES, fee, "", status="posted", moved=fee)
            self.transfers[fee_name] = charged
        return "settled"

    def release(self, name: str) -> Outcome:
        held = self.transfers.get(name)
        if held is None or not held.expires_at:
            return NotFound
        if held.status == "held":
            self._give_back(held, held.amount)
            held.status = "released"
        return "released" if held.status == "released" else HoldEnded

    def expire(self, name: str, now: int) -> Outcome:
        held = self.transfers.get(name)
        waits = held is not None and held.status == "held" and name not in self.due(now)
        return HoldEnded if waits else self.release(name)

    def due(self, now: int) -> set[str]:
        return {
            name
            for name, held in self.transfers.items()
            if held.status == "held" and held.expires_at <= now
        }

    def reverse(self, original_name: str, name: str, amount: int) -> Outcome:
        original = self.transfers.get(original_name)
        if original is None or original.status not in ("posted", "settled"):
            return NotFound
        wish = PlainTransfer(original.payee, original.payer, amount, str(amount))
        if told := self._once(name, wish):
            return told
        if original.reversed + amount > original.moved:
            return ReversalExceedsOriginal
        if told := self._refusal(wish):
            return told
        original.reversed += amount
        return self._moved(name, wish)

    def refuse(self, name: str, wish: PlainTransfer, problem: type[Problem]) -> None:
        wish.status, wish.refusal, wish.expires_at = "refused", problem, 0
        self.transfers[name] = wish

    def set_status(self, name: str, status: str) -> Outcome:
        account = self.accounts[name]
        closing = status == "closed"
        if account.status == "closed" or (closing and (account.available or account.held)):
            return AccountClosed
        account.status = status
        return status

    def _once(self, name: str, wish: PlainTransfer) -> Outcome | None:
        earlier = self.transfers.get(name)
        if earlier is None:
            return None
        if earlier.fingerprint != wish.fingerprint:
            return IdempotencyKeyReused
        return earlier.refusal or earlier.status

    def _refusal(self, wish: PlainTransfer) -> Outcome | None:
        closed = self.accounts[wish.payee].status == "closed"
        return self._payer_refusal(wish) or (CreditRefused if closed else None)

    def _payer_refusal(self, wish: PlainTransfer) -> Outcome | None:
        payer = self.accounts[wish.payer]
        if payer.status != "active":
            return AccountFrozen if payer.status == "frozen" else AccountClosed
        if wish.day is not None and self._used(payer, wish.day) + wish.amount > self.limit:
            return LimitExceeded
        short = payer.available < wish.amount and not payer.house
        return InsufficientFunds if short else None

    def _moved(self, name: str, wish: PlainTransfer) -> Outcome:
        self.accounts[wish.payer].available -= wish.amount
        self.accounts[wish.payee].available += wish.amount
        self._use(wish)
        self.transfers[name] = wish
        wish.moved, wish.status = wish.amount, "posted"
        return "posted"

    def _use(self, wish: PlainTransfer) -> None:
        if wish.day is not None:
            payer = self.accounts[wish.payer]
            payer.used = self._used(payer, wish.day) + wish.amount
            payer.day = max(payer.day, wish.day)

    def _give_back(self, held: PlainTransfer, amount: int) -> None:
        payer = self.accounts[held.payer]
        payer.held -= amount
        payer.available += amount
        if held.day == payer.day:
            payer.used -= amount

    @staticmethod
    def _used(account: PlainAccount, day: int) -> int:
        return account.used if account.day >= day else 0
