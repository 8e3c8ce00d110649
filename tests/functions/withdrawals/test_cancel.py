"""POST /v1/withdrawals/{id}/cancel: everything comes back at once, until the bank may have it."""

import pytest

from functions.withdrawals.records import Withdrawal, at, withdrawal_key
from shared.ledger.books import check_books
from shared.table import change
from tests.clock import TestClock
from tests.functions.meanwhile import meanwhile
from tests.functions.withdrawals.asking import cancel, withdraw
from tests.functions.withdrawals.conftest import FUNDS
from tests.functions.withdrawals.test_create import held, used_today
from tests.people import Person

AMOUNT = 150_000


@pytest.fixture
def made(ana: Person, card_id: str) -> str:
    return str(withdraw(ana, card_id, AMOUNT, key="k").json["withdrawal_id"])


def hand_to_the_bank(withdrawal_id: str) -> None:
    """What is written before the bank is asked."""
    record = Withdrawal(*withdrawal_key(withdrawal_id)[1:])
    since = Withdrawal.sending_since.set("2026-03-01T04:00:00.000Z")
    assert change(at(record), [since], Withdrawal.status == "pending")


def test_cancelling_gives_amount_and_fee_and_the_days_allowance_back(
    ana: Person, made: str, test_clock: TestClock
) -> None:
    test_clock.move(minutes=1)
    first = cancel(ana, made)
    again = cancel(ana, made)

    assert (first.status, first.json["status"]) == (200, "cancelled")
    assert first.json["history"] == [
        {"status": "pending", "at": "2026-03-01T04:00:00.000Z"},
        {"status": "cancelled", "at": "2026-03-01T04:01:00.000Z"},
    ]
    assert (again.status, again.json) == (first.status, first.json)
    assert "diagnosis" not in first.json
    assert (held(ana), used_today(ana)) == ((FUNDS, 0), 0)
    assert ana.call("GET", f"/v1/withdrawals/{made}").json == first.json
    assert ana.call("GET", "/v1/wallet/entries?kind=fee").json["items"] == []
    assert check_books().sound


def test_a_replay_of_the_request_still_gets_its_first_answer(
    ana: Person, card_id: str, made: str
) -> None:
    cancel(ana, made)
    again = withdraw(ana, card_id, AMOUNT, key="k")

    assert (again.status, again.json["status"]) == (202, "pending")
    assert len(again.json["history"]) == 1
    assert held(ana) == (FUNDS, 0)


def test_what_may_be_at_the_bank_cannot_be_cancelled(ana: Person, made: str) -> None:
    hand_to_the_bank(made)
    answer = cancel(ana, made)

    assert (answer.status, answer.code) == (409, "NOT_CANCELLABLE")
    assert held(ana) == (FUNDS - AMOUNT - 50, AMOUNT + 50)


def test_nor_what_goes_there_in_the_same_moment(ana: Person, made: str) -> None:
    with meanwhile(lambda: hand_to_the_bank(made)):
        answer = cancel(ana, made)

    assert (answer.status, answer.code) == (409, "NOT_CANCELLABLE")
    assert held(ana) == (FUNDS - AMOUNT - 50, AMOUNT + 50)


def test_two_at_once_give_it_back_once(ana: Person, made: str) -> None:
    with meanwhile(lambda: cancel(ana, made)) as other:
        answer = cancel(ana, made)

    assert (other[0].json, other[0].status) == (answer.json, answer.status)
    assert (held(ana), used_today(ana)) == ((FUNDS, 0), 0)


def test_only_the_owner_can_cancel(ana: Person, bo: Person, made: str) -> None:
    others, nobodys = cancel(bo, made), cancel(bo, "wd_nobodys")

    assert (others.status, others.code) == (404, "NOT_FOUND")
    assert others.json == nobodys.json
    assert held(ana) == (FUNDS - AMOUNT - 50, AMOUNT + 50)
