"""Delayed transfers: reserved at once, settled by the schedule, taken back until then."""

import pytest

from functions.transfers.arrival import settle_due
from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.ledger.records import Account
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.controls import spoil
from tests.people import Person, register

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    return register("+8613800000001", funds=10_000)


@pytest.fixture
def bo(test_clock: TestClock) -> Person:
    return register("+8613800000002")


def scheduled(payer: Person, payee: Person, *, arrive: str = "in_2_hours", key: str = "k") -> str:
    answer = payer.send(payee, 400, key=key, arrive=arrive)
    assert (answer.status, answer.json["status"]) == (201, "scheduled"), answer.text
    return f"/v1/transfers/{answer.json['transfer_id']}"


def wallet(person: Person) -> tuple[int, int]:
    shown = person.signed_in_again().call("GET", "/v1/wallet").json
    return shown["available"], shown["held"]


def test_a_delayed_transfer_is_reserved_and_not_yet_sent(ana: Person, bo: Person) -> None:
    path = scheduled(ana, bo)

    assert wallet(ana) == (9_600, 400)
    assert wallet(bo) == (0, 0)
    assert ana.call("GET", path).json["arrives_at"] == "2026-03-01T06:00:00.000Z"
    assert bo.call("GET", path).status == 404
    assert ana.call("GET", "/v1/wallet/entries?kind=transfer").json["items"] == []


@pytest.mark.parametrize(("arrive", "hours"), [("in_2_hours", 2), ("next_day", 24)])
def test_it_arrives_when_its_time_has_come_and_not_before(
    ana: Person, bo: Person, test_clock: TestClock, arrive: str, hours: int
) -> None:
    path = scheduled(ana, bo, arrive=arrive)
    test_clock.move(hours=hours, seconds=-1)
    assert settle_due() == 0
    test_clock.move(seconds=1)
    assert settle_due() == 1
    assert settle_due() == 0

    assert wallet(ana) == (9_600, 0)
    assert wallet(bo) == (400, 0)
    assert bo.signed_in_again().call("GET", path).json["status"] == "succeeded"
    assert check_books().sound


def test_a_replay_after_arrival_still_gives_the_first_answer(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    first = ana.send(bo, 400, key="k", arrive="in_2_hours")
    test_clock.move(hours=2)
    settle_due()
    again = ana.signed_in_again().send(bo, 400, key="k", arrive="in_2_hours")

    assert (again.status, again.json) == (first.status, first.json)
    assert wallet(bo) == (400, 0)


def test_until_it_arrives_it_can_be_cancelled(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    path = scheduled(ana, bo)
    first = ana.call("POST", f"{path}/cancel")
    again = ana.call("POST", f"{path}/cancel")

    assert (first.status, first.json["status"]) == (200, "cancelled")
    assert again.json == first.json
    assert wallet(ana) == (10_000, 0)
    test_clock.move(hours=2)
    assert settle_due() == 0
    assert wallet(bo) == (0, 0)


def test_what_has_arrived_cannot_be_cancelled(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    path = scheduled(ana, bo)
    test_clock.move(hours=3)
    settle_due()
    answer = ana.signed_in_again().call("POST", f"{path}/cancel")

    assert (answer.status, answer.code) == (409, "NOT_CANCELLABLE")
    assert wallet(bo) == (400, 0)


def test_only_the_payer_can_cancel(ana: Person, bo: Person) -> None:
    path = scheduled(ana, bo)

    assert bo.call("POST", f"{path}/cancel").status == 404
    assert wallet(ana) == (9_600, 400)


def test_a_transfer_that_went_at_once_cannot_be_cancelled(ana: Person, bo: Person) -> None:
    sent = ana.send(bo, 5, key="k").json

    answer = ana.call("POST", f"/v1/transfers/{sent['transfer_id']}/cancel")
    assert (answer.status, answer.code) == (409, "NOT_CANCELLABLE")


@pytest.mark.parametrize("side", ["payer_frozen", "payee_closed"])
def test_what_cannot_arrive_goes_back(
    ana: Person, bo: Person, test_clock: TestClock, side: str
) -> None:
    path = scheduled(ana, bo)
    if side == "payer_frozen":
        set_status(ana.user_id, "frozen")
    else:
        set_status(bo.user_id, "closed")
    test_clock.move(hours=2)
    settle_due()

    assert wallet(ana) == (10_000, 0)
    assert ana.signed_in_again().call("GET", path).json["status"] == "failed"
    assert check_books().sound


def test_cancelling_gives_the_days_allowance_back(ana: Person, bo: Person) -> None:
    before = ana.call("GET", "/v1/wallet").json["limits"]
    path = scheduled(ana, bo)
    assert ana.call("GET", "/v1/wallet").json["limits"] != before
    ana.call("POST", f"{path}/cancel")

    assert ana.call("GET", "/v1/wallet").json["limits"] == before


def test_one_that_cannot_end_does_not_stand_before_the_others(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    scheduled(ana, bo)
    spoil(Account, f"ACCOUNT#{ana.user_id}", "ACCOUNT")()
    test_clock.move(hours=2)
    with pytest.raises(SweepIncomplete):
        settle_due()

    test_clock.move(minutes=4)
    assert settle_due() == 0
    test_clock.move(minutes=1)
    with pytest.raises(SweepIncomplete):
        settle_due()
