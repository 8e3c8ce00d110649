"""The bank's notifications of payouts: early, late, twice, in any order, forged."""

import io
from collections.abc import Callable

import pytest

from functions.withdrawals.resolution import resolve_due
from shared.ledger.accounts import SUSPENSE, set_status
from tests.clock import TestClock
from tests.faults import Attempt
from tests.functions.bank_cards import bind
from tests.functions.meanwhile import meanwhile
from tests.functions.withdrawals.carried import AMOUNT, FEE, Carried, begin
from tests.functions.withdrawals.conftest import FUNDS, SLOW
from tests.functions.withdrawals.notifying import notify, payout
from tests.functions.withdrawals.step_functions import SUCCEEDED, StepFunctions
from tests.people import Person, fund
from tests.sandbox.running import RunningBank
from tests.soundness import check_sound

ENDS = {"paid": 0, "rejected": AMOUNT + FEE, "reversed": AMOUNT + FEE}


@pytest.fixture
def waiting(ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str) -> Carried:
    """Accepted by the bank, and waiting for its word."""
    carried = begin(machine, bank, ana, slow_card)
    machine.run()
    return carried


def ended(carried: Carried, status: str, back: int) -> None:
    carried.machine.run()
    assert carried.execution.status == SUCCEEDED
    assert carried.shown["status"] == status
    assert carried.balances() == (FUNDS - AMOUNT - FEE + back, 0)
    check_sound()


def test_the_same_event_three_times_is_one(waiting: Carried) -> None:
    answers = [waiting.hear("paid", event_id="evt_1").status for _ in range(3)]

    assert answers == [204, 204, 204]
    ended(waiting, "paid", 0)
    assert waiting.hear("paid", event_id="evt_1").status == 204
    ended(waiting, "paid", 0)
    assert len(waiting.told) == 1


def test_late_news_is_no_news(waiting: Carried) -> None:
    waiting.hear("paid")
    ended(waiting, "paid", 0)

    assert waiting.hear("accepted").status == 204
    ended(waiting, "paid", 0)
    assert waiting.statuses == ["pending", "submitted", "paid"]


@pytest.mark.parametrize("words", [("reversed", "paid"), ("reversed", "accepted", "paid")])
def test_words_in_another_order_end_it_alike(waiting: Carried, words: tuple[str, ...]) -> None:
    assert [waiting.hear(word).status for word in words] == [204] * len(words)

    ended(waiting, "reversed", AMOUNT + FEE)
    assert waiting.statuses == ["pending", "submitted", "paid", "reversed"]


def sets(name: str, value: str = "") -> Callable[[Attempt], bool]:
    """Whether it is a write that sets an attribute, to a certain text."""

    def is_it(attempt: Attempt) -> bool:
        asked = attempt.request if isinstance(attempt.request, dict) else {}
        names = asked.get("ExpressionAttributeNames", {}).values()
        return name in names and value in str(asked.get("ExpressionAttributeValues"))

    return is_it


@pytest.mark.parametrize("word", ENDS)
def test_one_that_is_faster_than_the_answer_to_the_call_counts(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, word: str
) -> None:
    carried = begin(machine, bank, ana, slow_card)
    carried.step_to("Submit")

    # The bank has answered, and the wallet has not kept that yet.
    with meanwhile(lambda: carried.hear(word).status, at=sets("word", "accepted")) as came:
        machine.step(carried.execution)

    assert came == [204]
    status = {"rejected": "failed"}.get(word, word)
    ended(carried, status, ENDS[word])
    assert "AwaitBank" not in carried.execution.way


def test_one_that_comes_while_the_token_is_not_yet_kept_is_not_lost(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str
) -> None:
    carried = begin(machine, bank, ana, slow_card)
    carried.step_to("AwaitBank")

    with meanwhile(lambda: carried.hear("paid").status, at=sets("task_token")) as came:
        machine.step(carried.execution)

    assert came == [204]
    ended(carried, "paid", 0)


def test_a_sign_of_life_ends_nothing(waiting: Carried) -> None:
    assert waiting.hear("accepted").status == 204

    assert waiting.execution.token is not None
    assert waiting.shown["status"] == "submitted"


def test_a_forged_one_is_refused_and_changes_nothing(waiting: Carried) -> None:
    answer = waiting.hear("paid", key=bytes(32))

    assert (answer.status, answer.code) == (401, "NOTIFICATION_NOT_AUTHENTIC")
    waiting.machine.run()
    assert waiting.execution.token is not None
    assert waiting.shown["status"] == "submitted"
    assert waiting.balances() == (FUNDS - AMOUNT - FEE, AMOUNT + FEE)


@pytest.mark.parametrize("age_seconds", [301, -301])
def test_one_of_another_time_is_refused(waiting: Carried, age_seconds: int) -> None:
    assert waiting.hear("paid", age_seconds=age_seconds).status == 401
    assert waiting.execution.token is not None


def test_one_of_another_amount_is_refused(waiting: Carried, log_text: io.StringIO) -> None:
    answer = notify(payout(waiting.withdrawal_id, AMOUNT + FEE, "paid"))

    assert (answer.status, answer.code) == (409, "PAYOUT_CONTRADICTED")
    assert "payout_contradicted" in log_text.getvalue()
    assert waiting.shown["status"] == "submitted"


@pytest.mark.parametrize(("first", "then"), [("paid", "rejected"), ("rejected", "paid")])
def test_one_that_contradicts_the_end_is_refused_and_rings(
    waiting: Carried, first: str, then: str, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting.hear(first)
    waiting.machine.run()
    before = waiting.balances()
    answer = waiting.hear(then)

    assert answer.status == 409
    assert '"PayoutsContradicted":[1.0]' in capsys.readouterr().out
    assert waiting.balances() == before


def test_one_of_a_payout_that_nobody_asked_for_is_not_found(waiting: Carried) -> None:
    answer = notify(payout("wd_nobody", AMOUNT, "paid"))

    assert (answer.status, answer.code) == (404, "NOT_FOUND")


def test_money_that_comes_back_days_later_is_given_back_and_told(
    waiting: Carried, test_clock: TestClock
) -> None:
    waiting.hear("paid")
    ended(waiting, "paid", 0)
    test_clock.move(hours=50)
    assert waiting.hear("reversed", "RETURNED_BY_BANK").status == 204
    test_clock.move(minutes=3)
    assert resolve_due() == 1

    assert waiting.statuses == ["pending", "submitted", "paid", "reversed"]
    assert waiting.balances() == (FUNDS, 0)
    assert [("已到账" in text, "退回" in text) for text in waiting.told] == [
        (True, False),
        (False, True),
    ]
    kinds = [one["kind"] for one in waiting.owner.call("GET", "/v1/wallet/entries").json["items"]]
    assert kinds[:4] == ["reversal", "reversal", "fee", "withdrawal"]
    assert resolve_due() == 0
    check_sound()


def test_money_that_comes_back_while_its_owner_is_told_of_it_is_given_back_too(
    waiting: Carried,
) -> None:
    waiting.hear("paid")
    waiting.step_to("Tell")
    with meanwhile(lambda: waiting.hear("reversed").status) as came:
        waiting.machine.step(waiting.execution)

    assert came == [204]
    ended(waiting, "reversed", AMOUNT + FEE)
    assert [("已到账" in text, "退回" in text) for text in waiting.told] == [(False, True)]


def test_money_that_comes_back_to_a_closed_wallet_is_kept_apart(
    bo: Person, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
) -> None:
    fund(bo.user_id, AMOUNT + FEE)
    carried = begin(machine, bank, bo, bind(bo, bank, SLOW))
    machine.run()
    carried.hear("paid")
    machine.run()
    set_status(bo.user_id, "closed")
    carried.hear("reversed", "RETURNED_BY_BANK")
    test_clock.move(minutes=3)
    assert resolve_due() == 1

    accounts = check_sound().accounts.values()
    kept = [one.balance for one in accounts if one.account_id == SUSPENSE]
    assert sum(kept) == AMOUNT + FEE
    assert carried.shown["status"] == "reversed"


def test_the_bank_is_told_to_come_again_while_the_execution_can_not_be_told(
    waiting: Carried,
) -> None:
    waiting.machine.throttled = True
    assert waiting.hear("paid", event_id="evt_1").status == 503
    waiting.machine.throttled = False
    assert waiting.hear("paid", event_id="evt_1").status == 204

    ended(waiting, "paid", 0)
