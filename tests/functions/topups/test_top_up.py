"""POST /v1/top-ups: money comes from a card once, or not at all and the caller is told why."""

import io
from typing import Any

import pytest

from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.bank_cards import bind, start_binding, top_up, top_up_body
from tests.functions.meanwhile import meanwhile
from tests.people import PAY_PASSWORD, Person
from tests.sandbox.running import CREDIT, ORDINARY, UNAVAILABLE_TWICE, RunningBank
from tests.soundness import contents

LACKS_FUNDS = "6222021234500030006"
FROZEN = "6222021234500050004"
EXPIRED = "6222021234500130004"


def used_today(person: Person) -> int:
    return int(person.call("GET", "/v1/wallet").json["limits"]["top_up"]["used"])


def same_answer_again(first: Answer, again: Answer) -> bool:
    same = (first.status, first.json) == (again.status, again.json)
    return same and again.headers.get("Idempotency-Replayed") == "true"


def charged(bank: RunningBank) -> int:
    """All that the bank ever took from cards."""
    return int(bank.operator("GET", "/charges")["charged"])


def test_a_top_up_takes_money_from_the_card_into_the_wallet(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    answer = top_up(ana, card_id, 1_250, key="k")

    made = answer.json
    assert answer.status == 201
    assert made.pop("top_up_id").startswith("tu_")
    assert made == {
        "status": "succeeded",
        "amount": 1_250,
        "currency": "CNY",
        "source": {
            "kind": "card",
            "card_id": card_id,
            "bank": "沙盒银行 Sandbox Bank",
            "last4": "0008",
        },
        "created_at": "2026-03-01T04:00:00.000Z",
    }
    assert ana.available == used_today(ana) == 1_250
    assert check_books().sound


@pytest.mark.parametrize("number", [CREDIT, UNAVAILABLE_TWICE])
def test_so_does_a_credit_card_and_one_whose_bank_is_busy_at_first(
    ana: Person, bank: RunningBank, number: str
) -> None:
    answer = top_up(ana, bind(ana, bank, number), 500, key="k")

    assert (answer.status, ana.available) == (201, 500)
    assert len(bank.charges_of(answer.json["top_up_id"])) == 1


def test_the_ledger_says_what_the_bank_says(ana: Person, bo: Person, bank: RunningBank) -> None:
    before = charged(bank)
    for number, person, amount in ((ORDINARY, ana, 700), (CREDIT, bo, 50), (LACKS_FUNDS, bo, 900)):
        top_up(person, bind(person, bank, number), amount, key=f"k{amount}")
    ana.send(bo, 100, key="k")

    accounts = contents().accounts.values()
    owed_by_the_bank = [one.balance for one in accounts if "bank_settlement" in one.account_id]
    assert (ana.available, bo.available) == (600, 150)
    assert charged(bank) - before == 750 == -sum(owed_by_the_bank)


@pytest.mark.parametrize(
    ("number", "code", "title"),
    [
        (LACKS_FUNDS, "INSUFFICIENT_FUNDS", "Insufficient funds on the card"),
        (FROZEN, "CARD_FROZEN", "Card frozen"),
        (EXPIRED, "CARD_EXPIRED", "Card expired"),
    ],
)
def test_what_the_bank_declines_is_refused_for_good_and_costs_no_allowance(
    ana: Person, bank: RunningBank, number: str, code: str, title: str
) -> None:
    card_id = bind(ana, bank, number)
    first = top_up(ana, card_id, 500, key="k")
    again = top_up(ana, card_id, 500, key="k")

    assert (first.status, first.code) == (422, code)
    assert "Idempotency-Replayed" not in first.headers
    assert same_answer_again(first, again)
    assert (ana.available, used_today(ana)) == (0, 0)
    body, english = top_up_body(card_id, 500), {"Accept-Language": "en"}
    assert ana.call("POST", "/v1/top-ups", body, key="k", headers=english).json["title"] == title
    (listed,) = ana.call("GET", "/v1/top-ups").json["items"]
    assert (listed["status"], listed["reason"]) == ("failed", code)
    assert len(bank.charges_of(listed["top_up_id"])) == 1


def test_a_card_that_the_bank_no_longer_knows_is_refused(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    top_up(ana, card_id, 100, key="k")
    # Unbound, though the answer was lost: the card is still there.
    bank.plan_fault("dropped")
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 503

    answer = top_up(ana, card_id, 500, key="k2")
    assert (answer.status, answer.code) == (422, "CARD_NOT_BOUND")
    assert used_today(ana) == 100


def test_a_replay_gives_the_first_answer_and_takes_nothing(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    first = top_up(ana, card_id, 500, key="k")
    ana.call("DELETE", f"/v1/cards/{card_id}")
    again = top_up(ana, card_id, 500, key="k")

    assert same_answer_again(first, again)
    assert ana.available == used_today(ana) == 500
    assert len(bank.charges_of(first.json["top_up_id"])) == 1


def test_a_replay_is_the_same_hours_later(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    first = top_up(ana, card_id, 500, key="k")
    for hours in (11 / 60, 23):
        test_clock.move(hours=hours)
        assert same_answer_again(first, top_up(ana.signed_in_again(), card_id, 500, key="k"))


def test_a_key_is_for_one_body_of_one_user(ana: Person, bo: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    top_up(ana, card_id, 500, key="k")

    other_amount = top_up(ana, card_id, 501, key="k")
    other_card = top_up(ana, bind(ana, bank, CREDIT), 500, key="k")
    for answer in (other_amount, other_card):
        assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert top_up(bo, bind(bo, bank), 500, key="k").status == 201
    assert (ana.available, bo.available) == (500, 500)


def test_a_wrong_pay_password_takes_nothing_and_is_not_remembered(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank)
    wrong = top_up(ana, card_id, 500, key="k", pay_password="111222")

    assert (wrong.status, wrong.code) == (403, "WRONG_PAY_PASSWORD")
    assert ana.call("GET", "/v1/top-ups").json["items"] == []
    assert top_up(ana, card_id, 500, key="k").status == 201


def test_five_wrong_pay_passwords_lock_top_ups(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    for number in range(5):
        top_up(ana, card_id, 500, key=f"k{number}", pay_password="111222")

    answer = top_up(ana, card_id, 500, key="right")
    assert (answer.status, answer.code) == (423, "PAY_PASSWORD_LOCKED")
    assert ana.available == 0


def test_a_right_pay_password_clears_the_wrong_ones(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    for attempt in range(2):
        for number in range(4):
            top_up(ana, card_id, 500, key=f"{attempt}{number}", pay_password="111222")
        assert top_up(ana, card_id, 500, key=f"right{attempt}").status == 201


def test_one_top_up_has_a_limit(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    refused = top_up(ana, card_id, 5_000_001, key="k")

    assert (refused.status, refused.code) == (422, "LIMIT_EXCEEDED")
    assert refused.json["detail"] == "超出单笔充值限额 50000.00 CNY。"
    assert same_answer_again(refused, top_up(ana, card_id, 5_000_001, key="k"))
    assert top_up(ana, card_id, 5_000_000, key="k2").status == 201


def test_one_local_day_has_a_limit(ana: Person, bank: RunningBank, test_clock: TestClock) -> None:
    card_id = bind(ana, bank)
    for number in range(4):
        assert top_up(ana, card_id, 5_000_000, key=f"k{number}").status == 201
    refused = top_up(ana, card_id, 1, key="k")

    assert (refused.status, refused.code) == (422, "LIMIT_EXCEEDED")
    assert refused.json["detail"] == "超出每日充值限额 200000.00 CNY。"
    assert ana.available == 20_000_000
    test_clock.move(hours=12)
    ana = ana.signed_in_again()
    assert top_up(ana, card_id, 1, key="next day").code == "INVALID_FIELD"
    assert same_answer_again(refused, top_up(ana, card_id, 1, key="k"))
    assert top_up(ana, card_id, 1, key="next-day").status == 201


def test_two_top_ups_at_once_are_both_counted(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    with meanwhile(lambda: top_up(ana, card_id, 300, key="a")) as answers:
        assert top_up(ana, card_id, 200, key="b").status == 201

    assert answers[0].status == 201
    assert ana.available == used_today(ana) == 500


def test_two_top_ups_at_once_do_not_pass_the_limit_together(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    for number in range(3):
        top_up(ana, card_id, 5_000_000, key=f"k{number}")
    with meanwhile(lambda: top_up(ana, card_id, 5_000_000, key="a")) as answers:
        refused = top_up(ana, card_id, 1, key="b")

    assert (answers[0].status, refused.code) == (201, "LIMIT_EXCEEDED")
    assert ana.available == used_today(ana) == 20_000_000


def test_a_wrong_guess_meanwhile_is_not_forgotten(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    for number in range(3):
        top_up(ana, card_id, 1, key=f"w{number}", pay_password="111222")

    def two_wrong_guesses() -> None:
        for number in range(2):
            top_up(ana, card_id, 1, key=f"x{number}", pay_password="111222")

    with meanwhile(two_wrong_guesses):
        answer = top_up(ana, card_id, 500, key="k")
    assert (answer.status, answer.code) == (423, "PAY_PASSWORD_LOCKED")
    assert ana.available == 0


def test_a_frozen_or_closed_account_takes_nothing_from_a_card(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank)
    before = charged(bank)
    for status, code in (("frozen", "ACCOUNT_FROZEN"), ("closed", "ACCOUNT_CLOSED")):
        set_status(ana.user_id, status)
        answer = top_up(ana, card_id, 500, key="k")
        assert (answer.status, answer.code) == (403, code)
    assert charged(bank) == before


def test_only_an_active_card_of_ones_own_can_be_used(
    ana: Person, bo: Person, bank: RunningBank
) -> None:
    anas = bind(ana, bank)
    waiting, _ = start_binding(bo)

    assert top_up(bo, waiting, 500, key="k").code == "CARD_NOT_ACTIVE"
    refused = [top_up(bo, card_id, 500, key="k") for card_id in (anas, "card_nobodys")]
    assert [(one.status, one.code) for one in refused] == [(404, "NOT_FOUND")] * 2
    assert refused[0].json == refused[1].json


def test_other_sources_come_later(ana: Person) -> None:
    for kind in ("alipay", "wechat_pay"):
        body = top_up_body("", 500) | {"source": {"kind": kind}}
        answer = ana.call("POST", "/v1/top-ups", body, key="k")
        assert (answer.status, answer.code) == (422, "SOURCE_NOT_AVAILABLE")


def test_a_body_that_is_not_understood_is_refused_by_the_field(ana: Person) -> None:
    card: dict[str, Any] = {"kind": "card", "card_id": "card_x"}
    bad: list[tuple[str, object, str]] = [
        ("amount", amount, "amount")
        for amount in (0, -1, 1.5, 1.0, "500", True, None, 10**12 + 1, 10**30, [5])
    ]
    bad += [("currency", value, "currency") for value in ("USD", "cny", "", None, 156)]
    bad += [
        ("source", None, "source"),
        ("source", {}, "source.kind"),
        ("source", {"kind": "card"}, "source.card_id"),
        ("source", {"kind": "cash"}, "source.kind"),
        ("source", {"kind": ["card"], "card_id": "card_x"}, "source.kind"),
        ("source", card | {"card_id": ""}, "source.card_id"),
        ("source", card | {"card_id": "x" * 65}, "source.card_id"),
        ("source", card | {"card_id": "card x"}, "source.card_id"),
        ("source", card | {"bank": "x"}, "source.bank"),
        ("source", {"kind": "alipay", "card_id": "card_x"}, "source.card_id"),
        ("pay_password", 802517, "pay_password"),
        ("pay_password", "80251", "pay_password"),
        ("pay_password", "80251\n", "pay_password"),
        ("status", "succeeded", "status"),
        ("user_id", "u_somebody", "user_id"),
    ]
    for name, value, field in bad:
        body = top_up_body("card_x", 500) | {name: value}
        answer = ana.call("POST", "/v1/top-ups", body, key="k")
        assert (answer.status, answer.json["field"]) == (400, field), (name, value, answer.text)


def test_a_top_up_needs_a_key(ana: Person) -> None:
    answer = ana.call("POST", "/v1/top-ups", top_up_body("card_x", 500))

    assert (answer.status, answer.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_no_secret_is_logged(ana: Person, bank: RunningBank, log_text: io.StringIO) -> None:
    card_id = bind(ana, bank)
    top_up(ana, card_id, 500, key="k")
    bank.plan_fault("forged")
    top_up(ana, card_id, 500, key="k2")
    bank.plan_fault("unavailable", times=3)
    top_up(ana, card_id, 500, key="k3")

    token = bank.operator("GET", "/charges")["items"][0]["card_token"]
    logged = log_text.getvalue()
    assert '"status":503' in logged
    for secret in (token, PAY_PASSWORD, ORDINARY, ana.token, "ab" * 32):
        assert secret not in logged
