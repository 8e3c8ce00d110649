"""The ledger against a plain model of it, through random histories.

Requests come twice and late, with accounts that were read long ago, and their answers get lost on
the way; people are frozen, close their accounts and run out of money; days pass and holds expire.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shared import clock
from shared.errors import Problem, Texts
from shared.identifiers import derived_id
from shared.ledger import (
    FromMerchant,
    FromSystem,
    FromUser,
    Limit,
    ToMerchant,
    ToSystem,
    ToUser,
    expire,
    fee_transfer_id,
    hold,
    post,
    refuse,
    release,
    reverse,
    settle,
)
from shared.ledger.accounts import FEES, FUND, set_status
from shared.ledger.errors import AccountClosed
from shared.ledger.holding import due_holds
from shared.ledger.records import ACTIVE, CLOSED, FROZEN, Transfer
from shared.ledger.sides import Side
from shared.money import Money
from tests.clock import TestClock
from tests.conftest import empty_tables, ledger_items
from tests.faults import Fault, Injection, intercepted
from tests.ledger_accounts import SHOP, account, fund, open_shop, open_users, wish
from tests.shared.ledger.plain_model import Outcome, PlainAccount, PlainLedger, PlainTransfer
from tests.soundness import check_sound

SEED = 20_260_301
HISTORIES, STEPS = 25, 40
LIMIT = 600
USERS = ("u_ann", "u_bob", "u_cat")
HOUSE = (FUND, FEES)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asks for, to be moved from the first of the parties to the second.

    late: its day is over. stale: the accounts were read long ago. remembered: a refusal is kept.
    """

    parties: tuple[str, str]
    amount: int
    fingerprint: str
    late: bool
    stale: bool
    remembered: bool


@dataclass(frozen=True)
class Mishap:
    """What befalls one of the calls, counted from 1."""

    fault: Fault
    at: int


users = st.sampled_from(USERS)
new_names = st.integers(1, 99).map("t_{}".format)
amounts = st.integers(1, 400)
mishaps = st.none() | st.builds(
    Mishap,
    st.sampled_from([Fault.RESPONSE_LOST, Fault.REQUEST_LOST, Fault.CONFLICT]),
    st.integers(1, 3),
)


def wishes(*payers: str) -> st.SearchStrategy[Asked]:
    payees = (*USERS, *USERS, SHOP, FUND)
    return st.builds(
        Asked,
        parties=st.sampled_from([(a, b) for a in payers for b in payees if a != b]),
        amount=amounts,
        fingerprint=st.sampled_from(["same", "same", "same", "other"]),
        late=st.sampled_from([False, False, True]),
        stale=st.booleans(),
        remembered=st.booleans(),
    )


@seed(SEED)
class LedgerAndModel(RuleBasedStateMachine):
    transfers = Bundle("transfers")
    holds = Bundle("holds")

    @initialize(given=st.lists(amounts, min_size=3, max_size=3))
    def begin(self, given: list[int]) -> None:
        empty_tables()
        self.clock = TestClock()
        clock.set_source(self.clock)
        self.day = 1
        self.model = PlainLedger(
            LIMIT, {name: PlainAccount(house=name in HOUSE) for name in (*USERS, SHOP, *HOUSE)}
        )
        open_users(*USERS)
        open_shop(SHOP, parts=[])
        for user, amount in zip(USERS, given, strict=True):
            fund(user, 2 * amount)
            self.model.post(f"t_fund_{user}", PlainTransfer(FUND, user, 2 * amount, "same"))
        self.seen = {user: account(user) for user in USERS}

    def teardown(self) -> None:
        clock.set_source(None)

    @rule(
        target=transfers,
        name=new_names | transfers | holds,
        asked=wishes(*USERS, *USERS, SHOP, FUND),
        mishap=mishaps,
    )
    def post(self, name: str, asked: Asked, mishap: Mishap | None) -> str:
        plain = self._plain(asked)
        debit, credit = self._sides(asked)
        movement = wish(name, asked.amount, fingerprint=asked.fingerprint)
        self._agree(
            self.model.post(name, plain),
            lambda: post(movement, debit=debit, credit=credit).transfer,
            mishap,
        )
        return name

    @rule(
        target=holds,
        name=new_names | transfers | holds,
        asked=wishes(*USERS),
        hours=st.integers(1, 50),
        mishap=mishaps,
    )
    def hold(self, name: str, asked: Asked, hours: int, mishap: Mishap | None) -> str:
        plain = self._plain(asked)
        plain.expires_at = clock.seconds() + 3_600 * hours
        debit, credit = self._sides(asked)
        assert isinstance(debit, FromUser)
        movement = wish(name, asked.amount, fingerprint=asked.fingerprint)
        told = self._agree(
            self.model.hold(name, plain),
            lambda: (
                hold(movement, debit=debit, credit=credit, expires_at=plain.expires_at).transfer
            ),
            mishap,
        )
        if isinstance(told, Problem) and asked.remembered and name not in self.model.transfers:
            assert refuse(movement, told, debit=debit, credit=credit) is told
            self.model.refuse(name, plain, type(told))
        return name

    @rule(name=holds, part=st.integers(1, 3), fee=st.integers(0, 3), mishap=mishaps)
    def settle(self, name: str, part: int, fee: int, mishap: Mishap | None) -> None:
        held = self.model.transfers.get(name)
        amount = -(-held.amount // part) if held else 1
        fee = min(fee, held.amount - amount) if held else fee
        credit = _to(held.payee) if held and held.payee not in USERS else None
        self._agree(
            self.model.settle(name, amount, fee, fee_name=fee_transfer_id(name)),
            lambda: settle(name, credit=credit, amount=amount, fee=fee),
            mishap,
        )

    @rule(name=holds, mishap=mishaps)
    def release(self, name: str, mishap: Mishap | None) -> None:
        self._agree(self.model.release(name), lambda: release(name, why="cancelled"), mishap)

    @rule(name=holds)
    def expire(self, name: str) -> None:
        self._agree(self.model.expire(name, clock.seconds()), lambda: expire(name))

    @rule(original=transfers | holds, key=st.integers(1, 3), amount=amounts, mishap=mishaps)
    def reverse(self, original: str, key: int, amount: int, mishap: Mishap | None) -> None:
        plain = self.model.transfers.get(original)
        debit, credit = (_from(plain.payee), _to(plain.payer)) if plain else map(_from, USERS[:2])
        name = derived_id("t", original, "reverse", str(key))
        self._agree(
            self.model.reverse(original, name, amount),
            lambda: (
                reverse(
                    original,
                    amount=Money(amount=amount),
                    idempotency_key=str(key),
                    debit=debit,
                    credit=credit,
                ).transfer
            ),
            mishap,
        )

    @rule(user=users, status=st.sampled_from([ACTIVE, ACTIVE, FROZEN, CLOSED]))
    def change_status(self, user: str, status: str) -> None:
        expected = self.model.set_status(user, status)
        try:
            set_status(user, status)
        except AccountClosed:
            assert expected is AccountClosed
        else:
            assert expected == status

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.move(hours=hours)
        self.day += 1

    @rule()
    def sweep(self) -> None:
        now = clock.seconds()
        due = {held.transfer_id for held in due_holds()}
        assert due == self.model.due(now)
        for name in due:
            assert expire(name).status == self.model.expire(name, now)

    @invariant()
    def ledger_is_sound_and_agrees(self) -> None:
        stored: dict[str, list[int]] = {name: [0, 0] for name in self.model.accounts}
        for found in check_sound(ledger_items()).accounts.values():
            stored[found.account_id][0] += int(found.available)
            stored[found.account_id][1] += int(found.held)
            if found.account_id in USERS:
                plain = self.model.accounts[found.account_id]
                assert (found.status, found.transfer_used) == (plain.status, plain.used)
        assert stored == {
            name: [plain.available, plain.held] for name, plain in self.model.accounts.items()
        }

    def _plain(self, asked: Asked) -> PlainTransfer:
        payer, payee = asked.parties
        day = self.day - asked.late if payer in USERS else None
        return PlainTransfer(payer, payee, asked.amount, asked.fingerprint, day=day)

    def _sides(self, asked: Asked) -> tuple[Side, Side]:
        for name in asked.parties:
            if name in USERS and not asked.stale:
                self.seen[name] = account(name)
        day = date(2026, 3, 1) + timedelta(days=self.day - asked.late)
        limit = Limit(
            name="transfer", period=day.isoformat(), maximum=LIMIT, what=Texts("每日", "per day")
        )
        payer, payee = map(self.seen.get, asked.parties)
        debit = FromUser(payer, limit=limit) if payer else _from(asked.parties[0])
        credit = ToUser(payee) if payee else _to(asked.parties[1])
        return debit, credit

    def _agree(
        self, expected: Outcome, act: Callable[[], Transfer], mishap: Mishap | None = None
    ) -> Transfer | Problem:
        told: Transfer | Problem
        injected = intercepted(Injection(mishap.fault, mishap.at).answer) if mishap else None
        with injected or nullcontext():
            try:
                told = act()
            except Problem as problem:
                told = problem
        assert expected == (type(told) if isinstance(told, Problem) else told.status)
        return told


def _from(name: str) -> Side:
    if name == FUND:
        return FromSystem(FUND)
    return FromMerchant(SHOP) if name == SHOP else FromUser(account(name))


def _to(name: str) -> Side:
    if name == FUND:
        return ToSystem(FUND)
    return ToMerchant(SHOP) if name == SHOP else ToUser(account(name))


@pytest.mark.usefixtures("world")
def test_ledger_agrees_with_a_plain_model_of_it() -> None:
    print(f"seed {SEED}")
    run_state_machine_as_test(
        LedgerAndModel,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate],  # to shrink a failing history takes minutes on this engine
            suppress_health_check=list(HealthCheck),
        ),
    )
