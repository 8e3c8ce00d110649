"""Bank cards: bound through the bank's code, listed, removed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.cards import TEST_CARDS
from shared.aws import client
from shared.bank import get_bank
from shared.bank.port import BankRefusal
from shared.money import Money
from shared.settings import settings
from tests.clock import TestClock
from tests.functions.bank_cards import bind, card_body, confirm, start_binding, top_up
from tests.people import Person
from tests.sandbox.running import BINDING_FAILS, CREDIT, ORDINARY, RunningBank, running_bank

NOT_FOUND = (404, "NOT_FOUND")


def cards(person: Person, query: str = "") -> Any:
    answer = person.call("GET", f"/v1/cards?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def only_card(person: Person) -> Any:
    (card,) = cards(person)["items"]
    return card


def set_limit(monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setenv(name, str(value))
    settings.cache_clear()


def test_a_card_is_bound_by_the_code_that_the_bank_sends(ana: Person, bank: RunningBank) -> None:
    card_id, verification_id = start_binding(ana)
    waiting = {"card_id": card_id, "bank": None, "last4": "0008", "kind": None}
    assert only_card(ana) == waiting | {"status": "verifying"}

    answer = confirm(ana, card_id, bank.code_of(verification_id))
    bound = {"bank": "沙盒银行 Sandbox Bank", "kind": "debit", "status": "active"}
    assert (answer.status, answer.json) == (200, waiting | bound)
    assert only_card(ana) == waiting | bound


def test_each_card_of_the_sandbox_binds_but_the_one_that_fails(
    ana: Person, bank: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "CARDS_PER_USER", len(TEST_CARDS))
    for number in TEST_CARDS.keys() - {BINDING_FAILS}:
        bind(ana, bank, number)

    bound = cards(ana)["items"]
    assert [card["status"] for card in bound] == ["active"] * (len(TEST_CARDS) - 1)
    assert [card["last4"] for card in bound if card["kind"] == "credit"] == [CREDIT[-4:]]


def test_a_card_that_the_bank_cannot_verify_fails(ana: Person, bank: RunningBank) -> None:
    card_id, verification_id = start_binding(ana, BINDING_FAILS)
    answers = [confirm(ana, card_id, bank.code_of(verification_id)) for _ in range(2)]

    assert [(answer.status, answer.code) for answer in answers] == [
        (422, "VERIFICATION_FAILED")
    ] * 2
    assert only_card(ana)["status"] == "failed"
    assert top_up(ana, card_id, 500, key="k").code == "CARD_NOT_ACTIVE"


def test_wrong_codes_are_counted_by_the_bank(ana: Person, bank: RunningBank) -> None:
    card_id, verification_id = start_binding(ana)
    right = bank.code_of(verification_id)
    wrong = "000000" if right != "000000" else "111111"

    codes = [confirm(ana, card_id, wrong).code for _ in range(5)]
    assert codes == ["WRONG_CODE"] * 4 + ["VERIFICATION_FAILED"]
    assert confirm(ana, card_id, right).code == "VERIFICATION_FAILED"

    bind(ana, bank)
    assert only_card(ana)["status"] == "active"


def test_a_code_expires(ana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = ("--client-id", "u-wallet", "--key", "ab" * 32)
    with running_bank(tmp_path, *credentials, "--code-seconds", "0") as hasty:
        monkeypatch.setenv("BANK_URL", hasty.url)
        settings.cache_clear()
        get_bank.cache_clear()
        card_id, verification_id = start_binding(ana)

        answer = confirm(ana, card_id, hasty.code_of(verification_id))
    assert (answer.status, answer.code) == (422, "CODE_EXPIRED")
    assert answer.json["detail"] == "验证码已失效，请重新绑定银行卡。"


def test_refusals_speak_english_too(ana: Person) -> None:
    card_id, _ = start_binding(ana)
    path, english = f"/v1/cards/{card_id}/confirm", {"Accept-Language": "en"}
    answer = ana.call("POST", path, {"code": "00000000"}, headers=english)

    assert (answer.code, answer.json["title"]) == ("WRONG_CODE", "Wrong code")


def test_the_same_code_again_gives_the_same_card(ana: Person, bank: RunningBank) -> None:
    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)
    first, again = confirm(ana, card_id, code), confirm(ana, card_id, code)

    assert (again.status, again.json) == (first.status, first.json)
    assert top_up(ana, card_id, 500, key="k").status == 201


def test_the_same_card_bound_twice_is_one_card(ana: Person, bank: RunningBank) -> None:
    first = bind(ana, bank)
    again, verification_id = start_binding(ana, "6222 0212 3450 0010 008")
    assert (first, only_card(ana)["status"]) == (again, "active")
    assert top_up(ana, first, 100, key="meanwhile").status == 201

    assert confirm(ana, again, bank.code_of(verification_id)).status == 200
    assert only_card(ana)["status"] == "active"
    assert top_up(ana, first, 500, key="k").status == 201


def test_the_token_of_an_earlier_binding_is_given_back(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    top_up(ana, card_id, 100, key="old")
    bind(ana, bank)
    top_up(ana, card_id, 200, key="new")

    new, old = bank.operator("GET", "/charges")["items"][:2]
    assert (new["amount"], old["amount"]) == (200, 100)
    assert new["card_token"] != old["card_token"]
    assert not is_bound(old["card_token"])
    assert is_bound(new["card_token"])


def is_bound(card_token: str) -> bool:
    """Asks the bank for a charge that it must refuse in either case, and sees by which rule."""
    with pytest.raises(BankRefusal) as refusal:
        get_bank().charge(
            reference="probe", card_token=card_token, amount=Money(amount=1, currency="XXX")
        )
    return refusal.value.code == "CURRENCY_NOT_SUPPORTED"


def test_two_people_may_have_the_same_card(ana: Person, bo: Person, bank: RunningBank) -> None:
    assert bind(ana, bank) != bind(bo, bank)


def test_a_removed_card_is_gone_here_and_at_the_bank(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    top_up(ana, card_id, 100, key="k")
    token = bank.operator("GET", "/charges")["items"][0]["card_token"]

    answer = ana.call("DELETE", f"/v1/cards/{card_id}")
    assert (answer.status, answer.text) == (204, "")
    assert cards(ana)["items"] == []
    assert not is_bound(token)
    assert top_up(ana, card_id, 100, key="k2").status == 404
    again = ana.call("DELETE", f"/v1/cards/{card_id}")
    assert (again.status, again.code) == NOT_FOUND


def test_a_card_can_be_removed_before_it_is_bound_and_bound_after_it_was_removed(
    ana: Person, bank: RunningBank
) -> None:
    card_id, verification_id = start_binding(ana)
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 204
    assert confirm(ana, card_id, bank.code_of(verification_id)).status == 404

    assert bind(ana, bank) == card_id
    assert only_card(ana)["status"] == "active"


def test_cards_of_others_are_not_there(ana: Person, bo: Person, bank: RunningBank) -> None:
    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)

    for nobodys_or_anas in ("card_nobodys", card_id):
        path = f"/v1/cards/{nobodys_or_anas}"
        answers = [confirm(bo, nobodys_or_anas, code), bo.call("DELETE", path)]
        for answer in answers:
            assert (answer.status, answer.code) == NOT_FOUND
            assert answer.json["detail"] == "没有找到请求的内容。"
    assert confirm(ana, card_id, code).status == 200
    assert cards(bo)["items"] == []


def test_no_more_cards_than_allowed_are_active(
    ana: Person, bank: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "CARDS_PER_USER", 2)
    one, two, three, four = list(TEST_CARDS)[:4]
    first = bind(ana, bank, one)
    started = [start_binding(ana, number) for number in (two, three)]
    answers = [confirm(ana, card_id, bank.code_of(sent)) for card_id, sent in started]

    assert [(answer.status, answer.code) for answer in answers][1] == (422, "TOO_MANY_CARDS")
    assert [card["status"] for card in cards(ana)["items"]].count("active") == 2
    refused = ana.call("POST", "/v1/cards", card_body(four))
    assert (refused.status, refused.code) == (422, "TOO_MANY_CARDS")
    assert bind(ana, bank, one) == first, "one that has its place can be bound anew"

    ana.call("DELETE", f"/v1/cards/{first}")
    bind(ana, bank, four)


def test_codes_are_sent_a_bounded_number_of_times_a_day(
    ana: Person, bank: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "CARD_BINDINGS_PER_DAY", 2)
    for number in list(TEST_CARDS)[:2]:
        card_id, _ = start_binding(ana, number)
        ana.call("DELETE", f"/v1/cards/{card_id}")

    answer = ana.call("POST", "/v1/cards", card_body())
    assert (answer.status, answer.code) == (429, "TOO_MANY_REQUESTS")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_card_that_was_not_bound_is_forgotten_after_a_day(
    ana: Person, test_clock: TestClock
) -> None:
    start_binding(ana)
    test_clock.move(hours=24, minutes=6)

    assert cards(ana.signed_in_again())["items"] == []


def test_while_the_bank_is_away_nothing_changes_and_later_all_works(
    ana: Person, bank: RunningBank
) -> None:
    bank.plan_fault("unavailable", times=3)
    away = ana.call("POST", "/v1/cards", card_body())
    assert (away.status, away.code) == (503, "SERVICE_UNAVAILABLE")
    assert cards(ana)["items"] == []

    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)
    bank.plan_fault("unavailable", times=3)
    assert confirm(ana, card_id, code).status == 503
    assert confirm(ana, card_id, code).status == 200

    bank.plan_fault("unavailable", times=3)
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 503
    assert only_card(ana)["status"] == "active"
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 204


@pytest.mark.parametrize("fault", ["lost", "dropped", "forged"])
def test_an_answer_that_was_lost_can_be_asked_for_again(
    ana: Person, bank: RunningBank, fault: str
) -> None:
    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)
    bank.plan_fault(fault)
    assert confirm(ana, card_id, code).status == 503
    assert confirm(ana, card_id, code).json["status"] == "active"

    bank.plan_fault(fault)
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 503
    assert ana.call("DELETE", f"/v1/cards/{card_id}").status == 204


def test_a_number_that_is_none_is_refused_before_the_bank_hears_of_it(ana: Person) -> None:
    numbers = ["6222021234500010009", "4111111111111111", "62220212345", "6222021234500010008 1"]
    numbers += ["622202123450001000A", "６２２２021234500010008", "-6222021234500010008", " "]
    for number in numbers:
        answer = ana.call("POST", "/v1/cards", card_body(number))
        assert (answer.status, answer.code) == (422, "WRONG_CARD_NUMBER"), number
        assert answer.json["field"] == "number"
        assert number.strip() == "" or number not in answer.text


def test_bad_fields_are_refused_by_name(ana: Person) -> None:
    bad: list[tuple[str, object]] = [
        ("number", 6222021234500010008),
        ("number", None),
        ("number", "6" * 41),
        ("holder_name", ""),
        ("holder_name", "  "),
        ("holder_name", "x" * 101),
        ("holder_name", "王\x00"),
        ("phone", "123"),
        ("phone", True),
        ("status", "active"),
        ("user_id", "u_somebody"),
    ]
    for field, value in bad:
        answer = ana.call("POST", "/v1/cards", card_body() | {field: value})
        assert (answer.status, answer.json["field"]) == (400, field), (field, value)
    for code in ("", "12345678901", "abcdef", 123456, None, "１２３４５６", "123456\n"):
        answer = ana.call("POST", "/v1/cards/card_x/confirm", {"code": code})
        assert (answer.status, answer.json["field"]) == (400, "code"), code


def test_the_list_comes_in_pages_newest_first(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    numbers = list(TEST_CARDS)[:3]
    for number in numbers:
        start_binding(ana, number)
        test_clock.move(seconds=1)

    first = cards(ana, "limit=2")
    last = cards(ana, f"limit=2&cursor={first['next_cursor']}")
    shown = [card["last4"] for card in first["items"] + last["items"]]
    assert shown == [number[-4:] for number in reversed(numbers)]
    assert last["next_cursor"] is None
    for person, path in ((bo, "/v1/cards"), (ana, "/v1/wallet/entries"), (ana, "/v1/top-ups")):
        answer = person.call("GET", f"{path}?cursor={first['next_cursor']}")
        assert (answer.status, answer.code) == (400, "INVALID_CURSOR")


def test_no_number_and_no_code_is_stored_or_logged(
    ana: Person, bank: RunningBank, log_text: io.StringIO
) -> None:
    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)
    bank.plan_fault("forged")
    confirm(ana, card_id, code)
    confirm(ana, card_id, code)
    top_up(ana, card_id, 100, key="k")

    database = client("dynamodb")
    tables = [database.scan(TableName=name) for name in ("test-ledger", "test-records")]
    everything = json.dumps(tables) + log_text.getvalue()
    token = bank.operator("GET", "/charges")["items"][0]["card_token"]
    assert '"status":503' in log_text.getvalue()
    assert ORDINARY not in everything
    assert f'"{code}"' not in everything
    assert token not in log_text.getvalue()
