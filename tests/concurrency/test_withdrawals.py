"""Many withdrawals of one user at the same moment: of the money, the limit and what is free."""

from collections.abc import Callable, Iterator

import pytest

from functions.wallet.records import ACTIVE, Card, card_key
from functions.withdrawals.fee import this_month
from functions.withdrawals.models import WithdrawalRequest
from functions.withdrawals.records import FreeAllowance, Withdrawal, free_allowance_key
from functions.withdrawals.withdrawal import needed, withdraw
from shared import clock
from shared.errors import Problem
from shared.ledger.errors import InsufficientFunds
from shared.settings import settings
from shared.table import put_new, read
from shared.web.operation import Call
from tests.concurrency.clients import at_once
from tests.ledger_accounts import ANN, account, balances, fund, open_users, set_pay_password
from tests.people import PAY_PASSWORD
from tests.soundness import check_sound

TIMES = 16
AMOUNT = 100
FREE_TIMES = 5


@pytest.fixture(autouse=True)
def ann(isolated: None, keys: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ann has 1,000, a card and a pay password, and withdraws five times free of charge."""
    monkeypatch.setenv("WITHDRAWAL_FREE_PER_MONTH_MINOR", str(FREE_TIMES * AMOUNT))
    settings.cache_clear()
    open_users(ANN)
    fund(ANN, 1_000)
    set_pay_password(ANN, PAY_PASSWORD)
    card = Card(
        *card_key(ANN, "card_1")[1:],
        card_id="card_1",
        status=ACTIVE,
        last4="0008",
        verification_id="v",
        created_at=clock.now_text(),
        card_token="token",
        bank="Bank",
        card_kind="debit",
    )
    assert put_new(card)
    yield
    monkeypatch.undo()
    settings.cache_clear()


def request(key: str) -> Callable[[], Withdrawal]:
    def act() -> Withdrawal:
        call = Call(
            body=WithdrawalRequest(
                amount=AMOUNT, currency="CNY", card_id="card_1", pay_password=PAY_PASSWORD
            ),
            query=None,
            path={},
            language="en",
            request_id="r",
            address="",
            country="",
            user_agent="",
            idempotency_key=key,
            user_id=ANN,
        )
        call.found = read(needed(call))
        return withdraw(call).withdrawal

    return act


def test_they_take_what_there_is_and_the_same_is_free_once() -> None:
    """Five are free, and what is left pays four more with their fees."""
    told = at_once([request(f"k{number}") for number in range(TIMES)])

    made = [one for one in told if isinstance(one, Withdrawal)]
    assert {type(one) for one in told if isinstance(one, Problem)} == {InsufficientFunds}
    assert sorted(int(one.fee) for one in made) == [0] * FREE_TIMES + [10] * 4
    assert balances(ANN) == (60, 940)
    assert account(ANN).withdrawal_used == len(made) * AMOUNT
    key = free_allowance_key(ANN, this_month())
    allowance = read([key]).one(FreeAllowance, key)
    assert allowance is not None
    assert allowance.used == FREE_TIMES * AMOUNT
    check_sound()


def test_the_same_one_many_times_is_one() -> None:
    told = at_once([request("k")] * TIMES)

    assert len({one.withdrawal_id for one in told if isinstance(one, Withdrawal)}) == 1
    assert not any(isinstance(one, Problem) for one in told)
    assert balances(ANN) == (900, 100)
    check_sound()
