import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from urllib3.exceptions import ProtocolError

from tests.sandbox.running import (
    ORDINARY,
    TIMES_OUT_EXECUTED,
    TIMES_OUT_LOST,
    UNAVAILABLE_TWICE,
    RunningBank,
    running_bank,
)
from tests.sandbox.signed_client import bind, get, order_wish, post, signed

OUTCOMES = {
    ORDINARY: ("succeeded", None),
    "6222021234500020007": ("succeeded", None),
    "6222021234500030006": ("declined", "INSUFFICIENT_FUNDS"),
    "6222021234500040005": ("succeeded", None),
    "6222021234500050004": ("declined", "CARD_FROZEN"),
    "6222021234500060003": ("succeeded", None),
    "6222021234500070002": ("succeeded", None),
    "6222021234500110006": ("succeeded", None),
    "6222021234500120005": ("succeeded", None),
    "6222021234500130004": ("declined", "CARD_EXPIRED"),
    "6222021234500140003": ("succeeded", None),
}


@pytest.mark.parametrize("number", OUTCOMES)
def test_card_decides_and_the_answer_stands(bank: RunningBank, number: str) -> None:
    wish = order_wish(bind(bank, number))
    first, again = (post(bank, "/v1/charges", wish) for _ in range(2))
    found = get(bank, f"/v1/charges/{wish['reference']}")
    assert (first.status, again.status, found.status) == (201, 201, 200)
    assert first.content == again.content == found.content
    assert (first.content["status"], first.content["reason"]) == OUTCOMES[number]
    assert len(bank.charges_of(str(wish["reference"]))) == 1


@pytest.mark.parametrize(("number", "executed"), [(TIMES_OUT_EXECUTED, 1), (TIMES_OUT_LOST, 0)])
def test_silent_card_gives_no_answer_and_a_query_tells(
    bank: RunningBank, number: str, executed: int
) -> None:
    wish = order_wish(bind(bank, number))
    with pytest.raises(ProtocolError):
        post(bank, "/v1/charges", wish)
    assert len(bank.charges_of(str(wish["reference"]))) == executed
    assert get(bank, f"/v1/charges/{wish['reference']}").status == (200 if executed else 404)


def test_executed_charge_is_answered_when_it_is_sent_again(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, TIMES_OUT_EXECUTED))
    with pytest.raises(ProtocolError):
        post(bank, "/v1/charges", wish)
    assert post(bank, "/v1/charges", wish).content["status"] == "succeeded"
    assert len(bank.charges_of(str(wish["reference"]))) == 1


def test_each_charge_of_the_busy_card_is_refused_twice_then_taken_once(bank: RunningBank) -> None:
    card_token = bind(bank, UNAVAILABLE_TWICE)
    for _ in range(2):
        wish = order_wish(card_token)
        statuses = [post(bank, "/v1/charges", wish).status for _ in range(4)]
        assert statuses == [503, 503, 201, 201]
        assert len(bank.charges_of(str(wish["reference"]))) == 1


@pytest.mark.parametrize("change", [{"amount": 1251}, {"card_token": "card_other"}])
def test_same_reference_for_another_charge_is_refused(
    bank: RunningBank, change: dict[str, object]
) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    assert post(bank, "/v1/charges", wish).status == 201
    answer = post(bank, "/v1/charges", {**wish, **change})
    assert answer.outcome == (409, "REFERENCE_REUSED")
    assert bank.charges_of(str(wish["reference"]))[0]["amount"] == 1250


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"card_token": "card_unknown"}, (422, "CARD_NOT_BOUND")),
        ({"currency": "USD"}, (422, "CURRENCY_NOT_SUPPORTED")),
        ({"amount": 0}, (400, "MALFORMED_REQUEST")),
        ({"amount": -1}, (400, "MALFORMED_REQUEST")),
        ({"amount": 12.5}, (400, "MALFORMED_REQUEST")),
        ({"amount": "1250"}, (400, "MALFORMED_REQUEST")),
        ({"amount": True}, (400, "MALFORMED_REQUEST")),
        ({"amount": 10**30}, (400, "MALFORMED_REQUEST")),
        ({"tip": 1}, (400, "MALFORMED_REQUEST")),
    ],
)
def test_wrong_charge_is_refused_and_not_booked(
    bank: RunningBank, change: dict[str, object], outcome: tuple[int, str]
) -> None:
    wish = {**order_wish(bind(bank, ORDINARY)), **change}
    assert post(bank, "/v1/charges", wish).outcome == outcome
    assert get(bank, f"/v1/charges/{wish['reference']}").status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 9_000])
def test_body_that_is_no_charge_is_refused(bank: RunningBank, body: bytes) -> None:
    answer = signed("POST", "/v1/charges", body).send(bank)
    assert answer.outcome == (400, "MALFORMED_REQUEST")


def test_many_at_once_with_one_reference_are_one_charge(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(bank, "/v1/charges", wish).body, range(32)))
    assert len(set(answers)) == 1
    assert len(bank.charges_of(str(wish["reference"]))) == 1


def test_books_and_totals_survive_a_crash(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        ordinary, poor = bind(bank, ORDINARY), bind(bank, "6222021234500030006")
        wishes = [order_wish(ordinary, amount=300), order_wish(ordinary, amount=45)]
        for wish in (*wishes, order_wish(poor, amount=7)):
            assert post(bank, "/v1/charges", wish).status == 201
        before = bank.operator("GET", "/charges")
        bank.crash()
    with running_bank(tmp_path) as bank:
        assert bank.operator("GET", "/charges") == before
        assert post(bank, "/v1/charges", wishes[0]).status == 201
        cards = bank.operator("GET", "/cards")["items"]
        charged = {card["number"]: card["charged"] for card in cards if card["charged"]}
        assert bank.operator("GET", "/charges")["charged"] == 345
    assert charged == {ORDINARY: 345}


def test_ordered_outage_lasts_as_long_as_ordered(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    bank.plan_fault("unavailable", times=3)
    statuses = [post(bank, "/v1/charges", wish).status for _ in range(4)]
    assert statuses == [503, 503, 503, 201]


@pytest.mark.parametrize(("fault", "executed"), [("lost", 0), ("dropped", 1), ("silent", 1)])
def test_ordered_cut_gives_no_answer(bank: RunningBank, fault: str, executed: int) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    bank.plan_fault(fault)
    with pytest.raises(ProtocolError):
        post(bank, "/v1/charges", wish)
    assert len(bank.charges_of(str(wish["reference"]))) == executed


def test_log_of_the_bank_is_json_lines_without_a_traceback(tmp_path: Path) -> None:
    with running_bank(tmp_path, "--hold-seconds", "0") as bank:
        silent = order_wish(bind(bank, TIMES_OUT_EXECUTED))
        with pytest.raises(ProtocolError):
            post(bank, "/v1/charges", silent)
        post(bank, "/v1/charges", {})
        lines = [json.loads(line) for line in bank.log.read_text().splitlines()]
    assert [line["status"] for line in lines] == [201, 200, None, 400]
