"""POST /v1/transfers: money moves once, or not at all and the caller is told why."""

import pytest

from functions.identity.directory import PhoneEntry, directory_key
from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.settings import settings
from tests.clock import TestClock
from tests.people import PAY_PASSWORD, Person, register, transfer_body

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def ana() -> Person:
    return register("+8613800000001", funds=10_000)


@pytest.fixture
def bo() -> Person:
    return register("+8613800000002")


def test_a_transfer_by_phone_moves_the_money(ana: Person, bo: Person) -> None:
    answer = ana.send(bo, 1_250, key="k1", note="午饭 🍜")

    assert answer.status == 201, answer.text
    assert answer.json["status"] == "succeeded"
    assert answer.json["payee"] == {"user_id": bo.user_id, "name": "+86138****0002"}
    assert (ana.available, bo.available) == (8_750, 1_250)
    assert check_books().sound


def test_a_transfer_by_user_id_moves_the_money(ana: Person, bo: Person) -> None:
    body = transfer_body({"user_id": bo.user_id}, 10_000)

    assert ana.call("POST", "/v1/transfers", body, key="k").status == 201
    assert (ana.available, bo.available) == (0, 10_000)


@pytest.mark.parametrize("spelling", ["138 0000 0002", "+86-138-0000-0002", "008613800000002"])
def test_other_spellings_of_a_phone_reach_the_same_person(
    ana: Person, bo: Person, spelling: str
) -> None:
    body = transfer_body({"phone": spelling}, 5)

    assert ana.call("POST", "/v1/transfers", body, key="k").status == 201
    assert bo.available == 5


def test_both_statements_show_the_transfer_with_the_balance_after_it(
    ana: Person, bo: Person
) -> None:
    transfer = ana.send(bo, 300, key="k", note="thanks").json

    paid = ana.call("GET", "/v1/wallet/entries").json["items"][0]
    got = bo.call("GET", "/v1/wallet/entries").json["items"][0]
    assert (paid["direction"], paid["amount"], paid["balance_after"]) == ("out", 300, 9_700)
    assert (got["direction"], got["amount"], got["balance_after"]) == ("in", 300, 300)
    assert paid["reference"] == got["reference"] == transfer["transfer_id"]
    assert paid["note"] == got["note"] == "thanks"


def test_a_replay_gives_the_first_answer_and_moves_nothing(ana: Person, bo: Person) -> None:
    first = ana.send(bo, 100, key="same")
    again = ana.send(bo, 100, key="same")

    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert bo.available == 100


def test_the_same_key_with_another_body_is_refused(ana: Person, bo: Person) -> None:
    ana.send(bo, 100, key="same")
    other = ana.send(bo, 101, key="same")

    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert bo.available == 100


def test_a_key_belongs_to_its_user(ana: Person, bo: Person) -> None:
    ana.send(bo, 100, key="same")
    assert bo.send(ana, 40, key="same").status == 201
    assert (ana.available, bo.available) == (9_940, 60)


def test_an_overdraft_is_refused_and_says_what_is_missing(ana: Person, bo: Person) -> None:
    answer = ana.send(bo, 10_001, key="k")

    assert (answer.status, answer.code) == (422, "INSUFFICIENT_FUNDS")
    assert "0.01" in answer.json["detail"]
    assert (ana.available, bo.available) == (10_000, 0)


def test_a_refusal_is_remembered_under_its_key(ana: Person, bo: Person) -> None:
    refused = bo.send(ana, 50, key="k")
    ana.send(bo, 500, key="k2")
    again = bo.send(ana, 50, key="k")

    assert refused.code == again.code == "INSUFFICIENT_FUNDS"
    assert again.json == refused.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert bo.available == 500


def test_a_wrong_pay_password_moves_nothing_and_is_not_remembered(ana: Person, bo: Person) -> None:
    wrong = ana.send(bo, 100, key="k", pay_password="111222")
    right = ana.send(bo, 100, key="k")

    assert (wrong.status, wrong.code) == (403, "WRONG_PAY_PASSWORD")
    assert right.status == 201
    assert bo.available == 100


def test_five_wrong_pay_passwords_lock_payments(ana: Person, bo: Person) -> None:
    for number in range(settings().pay_password_tries):
        ana.send(bo, 1, key=f"wrong{number}", pay_password="111222")
    answer = ana.send(bo, 1, key="right")

    assert (answer.status, answer.code) == (423, "PAY_PASSWORD_LOCKED")
    assert answer.json["retry_after"] > 0
    assert bo.available == 0


def test_without_a_pay_password_nothing_can_be_sent(bo: Person) -> None:
    fresh = register("+8613800000003", pay_password=False, funds=500)

    assert fresh.send(bo, 1, key="k").code == "PAY_PASSWORD_NOT_SET"
    assert fresh.available == 500


def test_nobody_pays_oneself(ana: Person) -> None:
    by_phone = ana.send(ana, 1, key="a")
    by_id = ana.call("POST", "/v1/transfers", transfer_body({"user_id": ana.user_id}, 1), key="b")

    assert by_phone.code == by_id.code == "SELF_TRANSFER"
    assert ana.available == 10_000


@pytest.mark.parametrize(
    "payee", [{"phone": "+8613899999999"}, {"user_id": "u_nobody"}, {"user_id": "system_fees"}]
)
def test_a_transfer_to_nobody_is_refused(ana: Person, payee: dict[str, str]) -> None:
    answer = ana.call("POST", "/v1/transfers", transfer_body(payee, 1), key="k")

    assert (answer.status, answer.code) == (422, "PAYEE_NOT_FOUND")
    assert ana.available == 10_000


def test_a_closed_account_gets_nothing(ana: Person, bo: Person) -> None:
    set_status(bo.user_id, "closed")

    assert ana.send(bo, 1, key="k").code == "PAYEE_NOT_FOUND"
    assert ana.available == 10_000


def test_a_frozen_account_sends_nothing_but_receives(ana: Person, bo: Person) -> None:
    ana.send(bo, 100, key="k1")
    set_status(bo.user_id, "frozen")

    assert bo.send(ana, 1, key="k2").code == "ACCOUNT_FROZEN"
    assert ana.send(bo, 1, key="k3").status == 201
    assert bo.available == 101


def test_more_than_one_transfer_may_carry_is_refused(bo: Person) -> None:
    limit = settings().transfer_limit_minor
    rich = register("+8613800000004", funds=3 * limit)

    assert rich.send(bo, limit + 1, key="k").code == "LIMIT_EXCEEDED"
    assert rich.send_with_step(bo, limit, key="k2").status == 201
    assert bo.available == limit


def test_the_day_has_a_limit_that_ends_with_the_day(bo: Person, test_clock: TestClock) -> None:
    once, day = settings().transfer_limit_minor, settings().transfer_day_limit_minor
    rich = register("+8613800000004", funds=2 * day)
    for number in range(day // once):
        assert rich.send_with_step(bo, once, key=f"k{number}").status == 201
        test_clock.move(minutes=1)

    assert rich.send(bo, 1, key="over").code == "LIMIT_EXCEEDED"
    test_clock.move(hours=24)
    rich = rich.signed_in_again()
    assert rich.send(bo, 1, key="tomorrow").status == 201


def test_a_recycled_phone_reaches_its_present_owner(ana: Person) -> None:
    # The directory is the truth: here the phone points to an account with another id.
    bo = register("+8613800000005")
    moved = "+8613800000006"
    PhoneEntry(*directory_key(moved)[1:], user_id=bo.user_id).save()
    body = transfer_body({"phone": moved}, 7)

    assert ana.call("POST", "/v1/transfers", body, key="k").status == 201
    assert bo.available == 7


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "INVALID_FIELD"),
        ({"amount": -1}, "INVALID_FIELD"),
        ({"amount": 1.5}, "INVALID_FIELD"),
        ({"amount": 1.0}, "INVALID_FIELD"),
        ({"amount": True}, "INVALID_FIELD"),
        ({"amount": "1"}, "INVALID_FIELD"),
        ({"amount": None}, "INVALID_FIELD"),
        ({"amount": 10**30}, "INVALID_FIELD"),
        ({"currency": "USD"}, "INVALID_FIELD"),
        ({"currency": 1}, "INVALID_FIELD"),
        ({"pay_password": "12345"}, "INVALID_FIELD"),
        ({"pay_password": "１２３４５６"}, "INVALID_FIELD"),
        ({"pay_password": "123456\n"}, "INVALID_FIELD"),
        ({"pay_password": 123456}, "INVALID_FIELD"),
        ({"note": "x" * 101}, "INVALID_FIELD"),
        ({"note": "a\x00b"}, "INVALID_FIELD"),
        ({"note": "\ud800"}, "INVALID_FIELD"),
        ({"note": 5}, "INVALID_FIELD"),
        ({"arrive": "yesterday"}, "INVALID_FIELD"),
        ({"payee": {}}, "INVALID_FIELD"),
        ({"payee": {"phone": "+8613800000002", "user_id": "u"}}, "INVALID_FIELD"),
        ({"payee": {"phone": "12"}}, "INVALID_FIELD"),
        ({"payee": {"phone": "+999999999999999999999"}}, "INVALID_FIELD"),
        ({"payee": {"user_id": "../../x"}}, "INVALID_FIELD"),
        ({"payee": {"email": "a@example.com"}}, "UNKNOWN_FIELD"),
        ({"payee": []}, "INVALID_FIELD"),
        ({"role": "admin"}, "UNKNOWN_FIELD"),
        ({"status": "succeeded"}, "UNKNOWN_FIELD"),
    ],
)
def test_a_malformed_field_is_named_and_moves_nothing(
    ana: Person, bo: Person, change: dict[str, object], code: str
) -> None:
    body = transfer_body({"phone": bo.phone}, 1) | change
    answer = ana.call("POST", "/v1/transfers", body, key="k")

    assert (answer.status, answer.code) == (400, code)
    assert answer.json["field"].startswith(next(iter(change)))
    assert (ana.available, bo.available) == (10_000, 0)


def test_a_refused_body_does_not_use_up_its_key(ana: Person, bo: Person) -> None:
    assert ana.send(bo, 0, key="k").status == 400
    assert ana.send(bo, 1, key="k").status == 201


@pytest.mark.parametrize("key", [None, "", "a b", "x" * 256, "ключ"])
def test_a_transfer_needs_a_proper_idempotency_key(
    ana: Person, bo: Person, key: str | None
) -> None:
    body = transfer_body({"phone": bo.phone}, 1)
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = ana.call("POST", "/v1/transfers", body, headers=headers)

    assert answer.status == 400
    assert answer.code == ("INVALID_FIELD" if key else "IDEMPOTENCY_KEY_REQUIRED")
    assert bo.available == 0


def test_a_transfer_is_seen_by_its_parties_alone(ana: Person, bo: Person) -> None:
    transfer = ana.send(bo, 1, key="k").json
    stranger = register("+8613800000009")
    path = f"/v1/transfers/{transfer['transfer_id']}"

    assert ana.call("GET", path).json == transfer
    assert bo.call("GET", path).json == transfer
    unknown = stranger.call("GET", "/v1/transfers/t_none").json
    hidden = stranger.call("GET", path).json
    assert hidden["code"] == "NOT_FOUND"
    assert hidden | {"request_id": ""} == unknown | {"request_id": ""}


def test_the_pay_password_is_in_no_answer(ana: Person, bo: Person) -> None:
    answers = [ana.send(bo, 1, key="k"), ana.send(bo, 10**9, key="k2")]

    assert all(PAY_PASSWORD not in answer.text for answer in answers)
