"""GET /v1/withdrawals and /v1/withdrawals/{id}: what there was, for its owner only."""

import pytest

from functions.withdrawals.ending import give_back
from functions.withdrawals.hearing import hear
from functions.withdrawals.records import FAILED, Withdrawal, find_withdrawal
from functions.withdrawals.settlement import settle
from shared.bank.port import Payout
from tests.clock import TestClock
from tests.functions.withdrawals.asking import withdraw
from tests.people import Person


@pytest.fixture
def made(ana: Person, card_id: str, test_clock: TestClock) -> list[str]:
    """The ids of three withdrawals, oldest first."""
    ids = []
    for number in range(3):
        answer = withdraw(ana, card_id, 100 + number, key=f"k{number}")
        ids.append(answer.json["withdrawal_id"])
        test_clock.move(seconds=1)
    return ids


def fail(withdrawal_id: str, reason: str) -> None:
    found = find_withdrawal(withdrawal_id)
    assert found is not None
    saying = [Withdrawal.reason.set(reason)]
    pending = Withdrawal.status == "pending"
    assert give_back(found, FAILED, why=reason, only_if=pending, then=saying).status == FAILED


def test_one_is_shown_as_it_is_listed(ana: Person, made: list[str]) -> None:
    listed = ana.call("GET", "/v1/withdrawals").json["items"]

    for withdrawal_id, shown in zip(reversed(made), listed, strict=True):
        answer = ana.call("GET", f"/v1/withdrawals/{withdrawal_id}")
        assert (answer.status, answer.json) == (200, shown)
        assert (shown["withdrawal_id"], shown["status"]) == (withdrawal_id, "pending")


def test_pages_show_each_once_newest_first(ana: Person, made: list[str]) -> None:
    first = ana.call("GET", "/v1/withdrawals?limit=2").json
    last = ana.call("GET", f"/v1/withdrawals?limit=2&cursor={first['next_cursor']}").json

    shown = [one["withdrawal_id"] for one in first["items"] + last["items"]]
    assert shown == list(reversed(made))
    assert last["next_cursor"] is None
    assert ana.call("GET", f"/v1/top-ups?cursor={first['next_cursor']}").code == "INVALID_CURSOR"


def test_those_of_others_are_not_there(ana: Person, bo: Person, made: list[str]) -> None:
    others = bo.call("GET", f"/v1/withdrawals/{made[0]}")
    nobodys = bo.call("GET", "/v1/withdrawals/wd_nobodys")

    assert (others.status, others.code) == (404, "NOT_FOUND")
    assert others.json == nobodys.json
    assert bo.call("GET", "/v1/withdrawals").json == {"items": [], "next_cursor": None}


def test_a_failed_one_says_why_in_the_language_that_is_asked_for(
    ana: Person, made: list[str]
) -> None:
    fail(made[0], "ACCOUNT_CLOSED")
    path = f"/v1/withdrawals/{made[0]}"
    chinese = ana.call("GET", path).json
    english = ana.call("GET", path, headers={"Accept-Language": "en"}).json

    assert (chinese["status"], chinese["reason"]) == ("failed", "ACCOUNT_CLOSED")
    assert [step["status"] for step in chinese["history"]] == ["pending", "failed"]
    assert chinese["diagnosis"]["cause"] == "这张银行卡的账户已经销户。"
    assert english["diagnosis"] == {
        "code": "ACCOUNT_CLOSED",
        "cause": "The account of this card has been closed.",
        "who_can_mend": "you",
        "safe_to_retry": False,
        "next_step": "Use another card.",
    }
    listed = ana.call("GET", "/v1/withdrawals").json["items"]
    assert listed[-1] == chinese


def test_a_paid_one_stands_in_the_statement_with_its_fee_each_under_its_kind(
    ana: Person, card_id: str
) -> None:
    withdrawal_id = withdraw(ana, card_id, 150_000, key="k").json["withdrawal_id"]
    begun = find_withdrawal(withdrawal_id)
    assert begun is not None
    paid = Payout(payout_id="p", reference=withdrawal_id, amount=begun.money, status="paid")
    settle(hear(begun, paid))

    for kind, amount, name in (
        ("withdrawal", 150_000, "沙盒银行 Sandbox Bank 0008"),
        ("fee", 50, None),
    ):
        (entry,) = ana.call("GET", f"/v1/wallet/entries?kind={kind}").json["items"]
        assert (entry["direction"], entry["amount"]) == ("out", amount)
        assert entry["reference"] == withdrawal_id
        assert (entry["counterparty"] or {"name": None})["name"] == name
    shown = ana.call("GET", f"/v1/withdrawals/{withdrawal_id}").json
    assert [step["status"] for step in shown["history"]] == ["pending", "submitted", "paid"]
    assert shown["bank_reference"] == "p"
