"""Paying, refunding and telling merchants, under every fault at every call that they make."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.payments.delivery import deliver_due
from functions.payments.orders import expire_due
from shared import secrets
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.conftest import record_items
from tests.edge import Answer
from tests.faults import CUTS, Fault, Swept, sweep
from tests.people import fund, register
from tests.shops import open_shop, pay, pay_at_stall, payment_code
from tests.web_shop import WebShop, web_shop


class Paid(Swept):
    """5,000 of Ana's 10,000, by a container that has just started."""

    def prepare(self) -> None:
        self.ana = register("+8613800000001", funds=10_000)
        self.shop = open_shop()
        self.order_id = self.shop.order(5_000, expires_in=3_600)
        secrets.forget()

    def act(self) -> Any:
        return _told(pay(self.ana, self.order_id, key="k"))

    def run_sweepers(self) -> None:
        expire_due()
        self.ana = self.ana.back_again()

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (5_000, 4_970)
        assert self.shop.shown(self.order_id)["status"] == "paid"


class PaidAtStall(Paid):
    """The same by the printed code, to which no order belongs before."""

    def act(self) -> Any:
        return _told(pay_at_stall(self.ana, self.shop, 5_000, key="k"))

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (5_000, 4_970)
        shown = self.shop.shown(self.act()[1]["order_id"])
        assert (shown["kind"], shown["status"], shown["amount"]) == ("static", "paid", 5_000)
        kept = [(item["pk"]["S"].partition("#")[0], item) for item in record_items()]
        orders = [one for kind, one in kept if kind == "ORDER"]
        events = [one["order_id"]["S"] for kind, one in kept if kind == "EVENT"]
        assert len(orders) == 2  # with the one that nobody pays here
        assert events.count(shown["order_id"]) == 1


class Refused(Paid):
    """More than there is: refused each time in the same words."""

    def prepare(self) -> None:
        super().prepare()
        self.order_id = self.shop.order(10_001, expires_in=3_600)

    def act(self) -> Any:
        status, body = super().act()
        return status, body["code"]

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (10_000, 0)
        (attempt,) = self.ana.call("GET", "/v1/me/failed-attempts").json["items"]
        assert attempt["diagnosis"]["facts"] == {"missing": 1, "available": 10_000}


class Refunded(Paid):
    """2,000 of them back."""

    def prepare(self) -> None:
        super().prepare()
        super().act()

    def act(self) -> Any:
        return _told(self.shop.refund(self.order_id, 2_000, number="r1"))

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (7_000, 2_982)
        shown = self.shop.shown(self.order_id)
        assert (shown["refunded_amount"], len(shown["refunds"])) == (2_000, 1)


class Placed(Paid):
    """The order itself."""

    def act(self) -> Any:
        return _told(self.shop.place(700, number="2026-1", expires_in=604_800))

    def check_done(self) -> None:
        assert self.shop.shown(self.act()[1]["order_id"])["status"] == "open"


class Closed(Paid):
    """The order, which nobody pays any more."""

    def act(self) -> Any:
        return _told(self.shop.call("POST", f"/v1/merchant/orders/{self.order_id}/close"))[0]

    def check_done(self) -> None:
        assert self.shop.shown(self.order_id)["status"] == "closed"


class Expired(Paid):
    """The sweeper that says so, when the time is over."""

    clock: TestClock

    def prepare(self) -> None:
        super().prepare()
        self.clock.move(hours=1)

    def act(self) -> Any:
        return _swept(expire_due)

    def check_done(self) -> None:
        assert self.shop.shown(self.order_id)["ended_at"] is not None


class Charged(Paid):
    """5,000 at a till, at once, by a code that Ana shows."""

    amount, fee = 5_000, 30

    def prepare(self) -> None:
        super().prepare()
        fund(self.ana.user_id, 30_000)
        self.code = payment_code(self.ana)
        secrets.forget()

    def act(self) -> Any:
        return _told(self.shop.charge(self.code, self.amount, number="2026-1"))

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (
            40_000 - self.amount, self.amount - self.fee,
        )  # fmt: skip
        assert self.shop.charged(self.act()[1]["order_id"])["status"] == "succeeded"


class Asked(Charged):
    """30,000 at a till, which wait for her word, and in the end for nothing."""

    amount, fee = 30_000, 180

    def check_done(self) -> None:
        self._check("user_confirming")
        shown = self.ana.call("GET", "/v1/charges").json["items"]
        assert [one["order_id"] for one in shown] == [self.act()[1]["order_id"]]

    def check_finally(self) -> None:
        self._check("failed")

    def _check(self, status: str) -> None:
        assert (self.ana.available, self.shop.balance) == (40_000, 0)
        assert self.shop.charged(self.act()[1]["order_id"])["status"] == status


class Confirmed(Charged):
    """Her word."""

    amount, fee = 30_000, 180

    def prepare(self) -> None:
        super().prepare()
        self.order_id = super().act()[1]["order_id"]
        secrets.forget()

    def act(self) -> Any:
        return _told(pay(self.ana, self.order_id, key="k"))


class Declined(Confirmed):
    """Her no."""

    def act(self) -> Any:
        return _told(self.ana.call("POST", f"/v1/charges/{self.order_id}/decline"))

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (40_000, 0)
        assert self.shop.charged(self.order_id)["reason"] == "CHARGE_DECLINED"


class Reversed(Charged):
    """What was charged, as if it had never been."""

    def prepare(self) -> None:
        super().prepare()
        self.order_id = super().act()[1]["order_id"]
        secrets.forget()

    def act(self) -> Any:
        return _told(self.shop.reverse("2026-1"))

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (40_000, 0)
        assert self.shop.charged(self.order_id)["status"] == "reversed"


class ReversedWhileItWaits(Reversed):
    """The same before she has said anything."""

    amount, fee = 30_000, 180


class ReversedBeforeItCame(Reversed):
    """The same before there is a charge at all."""

    def prepare(self) -> None:
        Charged.prepare(self)

    def check_done(self) -> None:
        assert self.shop.charge(self.code, self.amount, number="2026-1").status == 422
        assert (self.ana.available, self.shop.balance) == (40_000, 0)


class Delivered(Paid):
    """What the shop hears of the payment: once or more, and then no more."""

    web: WebShop
    begun = False

    def prepare(self) -> None:
        self.ana = register("+8613800000001", funds=10_000)
        self.shop = open_shop(notify_url=self.web.url)
        self.order_id = self.shop.order(5_000, expires_in=3_600)
        pay(self.ana, self.order_id, key="k")
        secrets.forget()

    def act(self) -> Any:
        if not self.begun:
            self.begun = True
            self.web.got.clear()
        return _swept(deliver_due)

    def check_done(self) -> None:
        heard = {json.loads(body)["order"]["order_id"] for _, body in self.web.got}
        assert heard == {self.order_id}
        (event,) = self.shop.call("GET", "/v1/merchant/events").json["items"]
        assert (event["status"], event["next_try_at"]) == ("delivered", None)

    def check_finally(self) -> None:
        heard = len(self.web.got)
        assert (deliver_due(), len(self.web.got)) == (0, heard)
        self.check_done()


def _told(answer: Answer) -> tuple[int, Any]:
    if answer.status == 503:
        raise ServiceUnavailable
    return answer.status, answer.json


def _swept(run: Any) -> None:
    try:
        run()
    except SweepIncomplete as error:
        raise ServiceUnavailable from error


@pytest.fixture(autouse=True)
def shop_that_listens(monkeypatch: pytest.MonkeyPatch, test_clock: TestClock) -> Iterator[None]:
    monkeypatch.setenv("NOTIFY_PRIVATE_ADDRESSES", "on")
    # Long enough for a till that tries again after a while.
    monkeypatch.setenv("PAYMENT_CODE_SECONDS", "3600")
    monkeypatch.setenv("CHARGE_CONFIRM_SECONDS", "3600")
    settings.cache_clear()
    monkeypatch.setattr(Expired, "clock", test_clock, raising=False)
    with web_shop() as web:
        monkeypatch.setattr(Delivered, "web", web, raising=False)
        yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    "fault", [*CUTS, Fault.THROTTLED, Fault.CONFLICT], ids=lambda fault: fault.value
)
@pytest.mark.parametrize("operation", [Paid, Refunded])
def test_money_moves_once_under_a_fault_at_any_call(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.value)
@pytest.mark.parametrize("operation", [PaidAtStall, Charged, Reversed])
def test_so_it_does_at_a_stall_and_at_a_till(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)


# How the table copes with the others, the sweep above and those of the ledger have shown.
@pytest.mark.parametrize(
    "fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda fault: fault.value
)
@pytest.mark.parametrize(
    "operation",
    [
        Refused,
        Placed,
        Closed,
        Expired,
        Delivered,
        Asked,
        Confirmed,
        Declined,
        ReversedWhileItWaits,
        ReversedBeforeItCame,
    ],
)
def test_so_does_what_is_around_it(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)
