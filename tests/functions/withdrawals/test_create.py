"""POST /v1/withdrawals: the money is held and the withdrawal stands, once, or neither."""

from typing import Any

import pytest

from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.bank_cards import bind, start_binding, unused_phone
from tests.functions.meanwhile import meanwhile
from tests.functions.withdrawals.asking import quote, withdraw, withdrawal_body
from tests.functions.withdrawals.conftest import FUNDS
from tests.people import Person, fund, register, transfer_body
from tests.sandbox.running import CREDIT, RunningBank

YUAN = 100


def held(person: Person) -> tuple[int, int]:
    shown = person.call("GET", "/v1/wallet").json
    return shown["available"], shown["held"]


def used_today(person: Person) -> int:
    return int(person.call("GET", "/v1/wallet").json["limits"]["withdrawal"]["used"])


def listed(person: Person) -> list[Any]:
    return list(person.call("GET", "/v1/withdrawals").json["items"])


def same_answer_again(first: Answer, again: Answer) -> bool:
    same = (first.status, first.json) == (again.status, again.json)
    return same and again.headers.get("Idempotency-Replayed") == "true"


def test_a_withdrawal_holds_amount_and_fee_and_says_when_it_arrives(
    ana: Person, card_id: str
) -> None:
    answer = withdraw(ana, card_id, 1_500 * YUAN, key="k")

    made = answer.json
    assert answer.status == 202
    assert made["withdrawal_id"].startswith("wd_")
    assert {name: value for name, value in made.items() if name != "withdrawal_id"} == {
        "status": "pending",
        "amount": 1_500 * YUAN,
        "fee": 50,
        "total": 1_500 * YUAN + 50,
        "currency": "CNY",
        "card": {"card_id": card_id, "bank": "沙盒银行 Sandbox Bank", "last4": "0008"},
        "created_at": "2026-03-01T04:00:00.000Z",
        "expected_by": "2026-03-02T03:00:00.000Z",
        "history": [{"status": "pending", "at": "2026-03-01T04:00:00.000Z"}],
    }
    assert held(ana) == (FUNDS - 150_050, 150_050)
    assert used_today(ana) == 150_000, "the fee is not withdrawn"
    assert listed(ana) == [made]
    assert ana.call("GET", "/v1/wallet/entries?kind=withdrawal").json["items"] == []
    assert check_books().sound


def test_a_replay_gets_the_first_answer_and_holds_nothing_more(
    ana: Person, card_id: str, test_clock: TestClock
) -> None:
    first = withdraw(ana, card_id, 500, key="k")
    test_clock.move(hours=23)
    again = withdraw(ana.signed_in_again(), card_id, 500, key="k")

    assert same_answer_again(first, again)
    assert held(ana.signed_in_again()) == (FUNDS - 500, 500)


def test_the_same_key_for_another_request_is_refused(ana: Person, card_id: str) -> None:
    withdraw(ana, card_id, 500, key="k")
    answer = withdraw(ana, card_id, 501, key="k")

    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert held(ana) == (FUNDS - 500, 500)


def test_two_of_the_same_at_once_are_one(ana: Person, card_id: str) -> None:
    with meanwhile(lambda: withdraw(ana, card_id, 500, key="k")) as other:
        answer = withdraw(ana, card_id, 500, key="k")

    assert same_answer_again(other[0], answer)
    assert held(ana) == (FUNDS - 500, 500)
    assert len(listed(ana)) == 1


def test_amount_and_fee_must_be_there_and_the_refusal_says_what_is_missing(
    bank: RunningBank,
) -> None:
    person = register(unused_phone(), funds=2_000 * YUAN + 99)
    card_id = bind(person, bank)
    answer = withdraw(person, card_id, 2_000 * YUAN, key="k")

    assert (answer.status, answer.code) == (422, "INSUFFICIENT_FUNDS")
    assert "0.01 CNY" in answer.json["detail"]
    assert held(person) == (2_000 * YUAN + 99, 0)
    assert listed(person) == []


def test_a_refusal_is_remembered_under_its_key(bank: RunningBank) -> None:
    person = register(unused_phone(), funds=100)
    card_id = bind(person, bank)
    first = withdraw(person, card_id, 101, key="k1")
    fund(person.user_id, 1)
    again = withdraw(person, card_id, 101, key="k1")

    assert first.code == "INSUFFICIENT_FUNDS"
    assert same_answer_again(first, again)
    assert withdraw(person, card_id, 101, key="k2").status == 202


def test_a_credit_card_is_refused_at_once(ana: Person, card_id: str, bank: RunningBank) -> None:
    credit = bind(ana, bank, CREDIT)

    for answer in (withdraw(ana, credit, 500, key="k"), quote(ana, credit, 500)):
        assert (answer.status, answer.code) == (422, "CARD_KIND_NOT_ALLOWED")
    assert held(ana) == (FUNDS, 0)


def test_a_card_of_somebody_else_or_of_nobody_is_not_there(
    ana: Person, bo: Person, card_id: str, bank: RunningBank
) -> None:
    foreign = bind(bo, bank)
    of_bo, of_nobody = (
        [withdraw(ana, card, 500, key="k"), quote(ana, card, 500)]
        for card in (foreign, "card_nobodys")
    )

    assert [one.status for one in (*of_bo, *of_nobody)] == [404] * 4
    assert [one.text for one in of_bo] == [one.text for one in of_nobody]
    assert held(ana) == (FUNDS, 0)


def test_a_card_that_is_not_bound_yet_is_refused(ana: Person) -> None:
    unconfirmed, _ = start_binding(ana)

    answer = withdraw(ana, unconfirmed, 500, key="k")
    assert (answer.status, answer.code) == (422, "CARD_NOT_ACTIVE")


def test_one_may_not_be_above_the_limit_nor_all_of_a_day(
    ana: Person, card_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WITHDRAWAL_LIMIT_MINOR", "600")
    monkeypatch.setenv("WITHDRAWAL_DAY_LIMIT_MINOR", "1000")
    settings.cache_clear()

    for answer in (withdraw(ana, card_id, 601, key="k1"), quote(ana, card_id, 601)):
        assert (answer.status, answer.code) == (422, "LIMIT_EXCEEDED")
        assert "6.00 CNY" in answer.json["detail"]
    assert withdraw(ana, card_id, 600, key="k2").status == 202
    assert withdraw(ana, card_id, 401, key="k3").code == "LIMIT_EXCEEDED"
    assert withdraw(ana, card_id, 400, key="k4").status == 202
    assert (held(ana), used_today(ana)) == ((FUNDS - 1_000, 1_000), 1_000)


def test_a_wrong_pay_password_moves_nothing_and_the_right_one_may_follow(
    ana: Person, card_id: str
) -> None:
    wrong = withdraw(ana, card_id, 500, key="k", pay_password="000000")
    right = withdraw(ana, card_id, 500, key="k")

    assert (wrong.status, wrong.code) == (403, "WRONG_PAY_PASSWORD")
    assert right.status == 202
    assert held(ana) == (FUNDS - 500, 500)


def test_a_frozen_wallet_pays_nothing_out(ana: Person, card_id: str) -> None:
    set_status(ana.user_id, "frozen")

    answer = withdraw(ana, card_id, 500, key="k")
    assert (answer.status, answer.code) == (403, "ACCOUNT_FROZEN")
    assert held(ana) == (FUNDS, 0)


def test_what_is_held_cannot_be_spent(bank: RunningBank, bo: Person) -> None:
    person = register(unused_phone(), funds=500)
    withdraw(person, bind(person, bank), 400, key="k")

    sent = person.call("POST", "/v1/transfers", transfer_body({"phone": bo.phone}, 101), key="k")
    assert sent.code == "INSUFFICIENT_FUNDS"
    assert held(person) == (100, 400)


def test_an_old_app_moves_no_money(ana: Person, card_id: str) -> None:
    old = {"X-App-Platform": "ios", "X-App-Version": "0.9.0"}
    body = withdrawal_body(card_id, 500)

    answer = ana.call("POST", "/v1/withdrawals", body, key="k", headers=old)
    assert (answer.status, answer.code) == (426, "UPDATE_REQUIRED")


def test_what_makes_no_sense_is_refused(ana: Person) -> None:
    for field, value in (
        ("amount", 0),
        ("amount", 10**12 + 1),
        ("amount", 1.5),
        ("currency", "USD"),
        ("card_id", ""),
        ("pay_password", "12345"),
        ("fee", -1),
        ("status", "paid"),
    ):
        body = withdrawal_body("card_any", 500) | {field: value}
        answer = ana.call("POST", "/v1/withdrawals", body, key="k")
        assert (answer.status, answer.json["field"]) == (400, field)


def test_a_key_is_needed(ana: Person) -> None:
    answer = ana.call("POST", "/v1/withdrawals", withdrawal_body("card_any", 500))

    assert (answer.status, answer.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")
