"""Many tills at the same moment: of one code, one number, one allowance, one charge."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.identity.origin import Origin
from functions.identity.sessions import new_session
from functions.payments import codes
from functions.payments.charge import Charged, charge, needed
from functions.payments.codes import PaymentCodeRefused
from functions.payments.models import ChargeRequest, PaymentRequest, ReversalView
from functions.payments.orders import current
from functions.payments.payment import needed as needed_to_pay
from functions.payments.payment import pay
from functions.payments.records import CODE, Merchant, merchant_key
from functions.payments.reversal import reverse_charge
from functions.payments.views import charge_view
from functions.payments.waiting import charges, decline
from shared import clock
from shared.ledger.accounts import merchant_balance
from shared.ledger.records import account_key
from shared.rate_limit import TooManyRequests
from shared.settings import settings
from shared.table import put_new, read, write
from shared.web.operation import Call
from tests.concurrency.clients import at_once
from tests.concurrency.test_at_once import refusals
from tests.ledger_accounts import (
    ANN,
    SHOP,
    account,
    balances,
    fund,
    open_shop,
    open_users,
    set_pay_password,
)
from tests.people import PAY_PASSWORD
from tests.soundness import check_sound

TIMES = 20
SMALL, LARGE = 1_000, 30_000


@pytest.fixture(autouse=True)
def ann_at_two_shops(isolated: None, keys: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ann has 100,000, a pay password and a session; at most 5,000 go out without a question."""
    monkeypatch.setenv("SMALL_PAYMENT_DAY_LIMIT_MINOR", "5000")
    monkeypatch.setenv("PAYMENT_CODES_PER_MINUTE", "100")
    monkeypatch.setenv("WRONG_PAYMENT_CODES_PER_HOUR", "5")
    settings.cache_clear()
    open_users(ANN)
    fund(ANN, 100_000)
    set_pay_password(ANN, PAY_PASSWORD)
    for shop in (SHOP, f"{SHOP}2"):
        open_shop(shop, parts=[])
        assert put_new(merchant(shop))
    yield
    check_sound()
    monkeypatch.undo()
    settings.cache_clear()


def merchant(shop: str) -> Merchant:
    return Merchant(
        *merchant_key(shop)[1:],
        merchant_id=shop,
        name="Shop",
        status="active",
        secrets=[],
        notify_url="https://shop.example/hooks",
        created_at=clock.now_text(),
    )


def asking(body: Any, who: str, *, key: str = "", session_id: str = "") -> Call[Any]:
    return Call(
        body=body,
        query=None,
        path={},
        language="en",
        request_id="req-1",
        address="",
        country="",
        user_agent="",
        idempotency_key=key,
        user_id=who,
        session_id=session_id,
    )


def shown_code() -> str:
    """A code that Ann shows, from a session of now."""
    session = new_session(ANN, Origin(None, "", ""))
    write(session.starting)
    call = asking(None, ANN, session_id=session.record.session_id)
    call.found = read([account_key(ANN)])
    return codes.make(call).code


def charged(code: str, number: str, amount: int, *, shop: str = SHOP) -> Charged:
    body = ChargeRequest(
        payment_code=code, merchant_order_id=number, amount=amount, currency="CNY", subject="tea"
    )
    call = asking(body, shop)
    call.found = read([merchant_key(shop), *needed(call)])
    return charge(call)


def confirmed(order_id: str, key: str) -> str:
    call = asking(PaymentRequest(order_id=order_id, pay_password=PAY_PASSWORD), ANN, key=key)
    call.found = read(needed_to_pay(call))
    return str(pay(call).transfer.transfer_id)


def taken() -> int:
    return 100_000 - balances(ANN)[0]


@pytest.mark.parametrize("amount", [SMALL, LARGE])
def test_code_that_twenty_tills_charge_at_once_is_paid_once(amount: int) -> None:
    code = shown_code()

    told = at_once(
        [
            lambda n=n: charged(code, str(n), amount, shop=SHOP if n % 2 else f"{SHOP}2")  # type: ignore[misc]
            for n in range(TIMES)
        ]
    )

    assert refusals(told) == [PaymentCodeRefused] * (TIMES - 1)
    (made,) = [one for one in told if isinstance(one, Charged)]
    assert taken() == (SMALL if amount == SMALL else 0)
    waiting = charges(ANN).items
    assert [one.order_id for one in waiting] == ([] if amount == SMALL else [made.order.order_id])
    if waiting:
        paid = at_once([lambda n=n: confirmed(made.order.order_id, str(n)) for n in range(TIMES)])  # type: ignore[misc]
        assert len(refusals(paid)) == TIMES - 1
        assert taken() == LARGE
    assert merchant_balance(made.order.merchant_id) == taken() - current(made.order.order_id).fee


@pytest.mark.parametrize("amount", [SMALL, LARGE])
def test_same_charge_twenty_times_is_one(amount: int) -> None:
    code = shown_code()

    told = at_once([lambda: charged(code, "n-1", amount)] * TIMES)

    assert refusals(told) == []
    made = [one for one in told if isinstance(one, Charged)]
    assert [one.replayed for one in made].count(False) <= 1
    assert len({(one.order.order_id, one.order.payment_id) for one in made}) == 1
    assert taken() == (SMALL if amount == SMALL else 0)


def test_twenty_codes_of_one_user_come_to_no_more_than_the_allowance() -> None:
    shown = [shown_code() for _ in range(TIMES)]

    told = at_once(
        [lambda n=n, code=code: charged(code, str(n), SMALL) for n, code in enumerate(shown)]  # type: ignore[misc]
    )

    assert refusals(told) == []
    assert (taken(), len(charges(ANN).items)) == (5_000, TIMES - 5)
    found = account(ANN)
    assert (found.payment_of_small, found.payment_of_weak, found.payment_used) == (5_000,) * 3


def test_charge_that_is_confirmed_declined_and_reversed_at_once_leaves_the_shop_nothing() -> None:
    rounds = 4
    for number in range(rounds):
        name = f"n-{number}"
        order_id = charged(shown_code(), name, LARGE).order.order_id
        acts: list[Callable[[], object]] = [
            lambda: confirmed(order_id, f"{name}-a"),  # noqa: B023 (done before the next round)
            lambda: decline(current(order_id)),  # noqa: B023
            lambda: reverse_charge(merchant(SHOP), name),  # noqa: B023
            lambda: confirmed(order_id, f"{name}-b"),  # noqa: B023
            lambda: reverse_charge(merchant(SHOP), name),  # noqa: B023
        ]

        told = at_once(acts)

        assert all(isinstance(told[place], ReversalView) for place in (2, 4)), told
        assert charge_view(current(order_id)).status in ("reversed", "failed")
        assert (taken(), merchant_balance(SHOP)) == (0, 0)
        assert current(order_id).kind == CODE


def test_guesses_at_once_are_bounded() -> None:
    told = at_once([lambda n=n: charged(f"77{n:016d}", str(n), SMALL) for n in range(TIMES)])  # type: ignore[misc]

    assert sorted(refusals(told), key=str) == sorted(
        [PaymentCodeRefused] * 5 + [TooManyRequests] * (TIMES - 5), key=str
    )
