from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from urllib3.exceptions import ProtocolError

from tests.sandbox.receiver import Receiver, receiver, wait_until
from tests.sandbox.running import (
    CREDIT,
    ORDINARY,
    TIMES_OUT_EXECUTED,
    TIMES_OUT_LOST,
    UNAVAILABLE_TWICE,
    RunningBank,
    running_bank,
)
from tests.sandbox.signed_client import bind, get, order_wish, post, signed

# What the submit is answered, and what the notifications tell after it.
COURSES = {
    ORDINARY: (("accepted", None), ["paid"]),
    "6222021234500030006": (("accepted", None), ["paid"]),
    "6222021234500040005": (("rejected", "ACCOUNT_CLOSED"), []),
    "6222021234500050004": (("rejected", "ACCOUNT_FROZEN"), []),
    "6222021234500060003": (("accepted", None), ["rejected"]),
    "6222021234500070002": (("accepted", None), ["paid"]),
    "6222021234500110006": (("accepted", None), ["paid", "paid", "paid"]),
    "6222021234500120005": (("accepted", None), ["paid", "reversed"]),
    "6222021234500130004": (("accepted", None), ["paid"]),
    "6222021234500140003": (("rejected", "LIMIT_EXCEEDED"), []),
}
REASONS = {"6222021234500060003": "WRONG_NAME", "6222021234500120005": "RETURNED_BY_BANK"}
SLOW = "6222021234500070002"


def test_card_decides_the_answer_the_notifications_and_what_a_query_finds(
    bank: RunningBank, wallet: Receiver
) -> None:
    wishes = {number: order_wish(bind(bank, number)) for number in COURSES}
    answers = {number: post(bank, "/v1/payouts", wish) for number, wish in wishes.items()}
    for number, (answered, told) in COURSES.items():
        answer, reference = answers[number], wishes[number]["reference"]
        assert answer.status == 201
        assert (answer.content["status"], answer.content["reason"]) == answered
        deliveries = wallet.wait_for(reference, len(told))
        assert wallet.statuses_of(reference) == told
        last = deliveries[-1].order if deliveries else answer.content
        assert last["reason"] == REASONS.get(number, answered[1])
        assert get(bank, f"/v1/payouts/{reference}").content == last
        assert last == answer.content | {"status": last["status"], "reason": last["reason"]}
        assert len(bank.orders_of("payouts", reference)) == 1


def test_money_stands_at_the_card_until_it_is_reversed(tmp_path: Path) -> None:
    reversing = "6222021234500120005"
    with running_bank(tmp_path) as bank:
        for number in (ORDINARY, reversing, "6222021234500060003", "6222021234500040005"):
            assert post(bank, "/v1/payouts", order_wish(bind(bank, number))).status == 201
        wait_until(lambda: bool(bank.operator("GET", "/payouts")["reversed"]))
        sums = bank.operator("GET", "/payouts")
        cards = bank.operator("GET", "/cards")["items"]
    moved = {card["number"]: (card["paid_out"], card["reversed"]) for card in cards}
    assert (sums["paid_out"], sums["reversed"]) == (2500, 1250)
    assert {number: both for number, both in moved.items() if any(both)} == {
        ORDINARY: (1250, 0),
        reversing: (1250, 1250),
    }


def test_slow_callback_is_not_overtaken_by_a_query(bank: RunningBank, wallet: Receiver) -> None:
    wish, ordinary = order_wish(bind(bank, SLOW)), order_wish(bind(bank, ORDINARY))
    post(bank, "/v1/payouts", wish)
    post(bank, "/v1/payouts", ordinary)
    wallet.wait_for(ordinary["reference"])
    assert get(bank, f"/v1/payouts/{wish['reference']}").content["status"] == "accepted"
    assert wallet.of(wish["reference"]) == []


def test_credit_card_takes_no_payout(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, CREDIT))
    assert post(bank, "/v1/payouts", wish).outcome == (422, "CARD_KIND_NOT_ALLOWED")
    assert get(bank, f"/v1/payouts/{wish['reference']}").outcome == (404, "PAYOUT_NOT_FOUND")


def test_time_out_of_an_executed_payout_is_found_paid_and_never_told(
    bank: RunningBank, wallet: Receiver
) -> None:
    wish, later = order_wish(bind(bank, TIMES_OUT_EXECUTED)), order_wish(bind(bank, ORDINARY))
    with pytest.raises(ProtocolError):
        post(bank, "/v1/payouts", wish)
    found = get(bank, f"/v1/payouts/{wish['reference']}")
    assert found.content["status"] == "paid"
    assert post(bank, "/v1/payouts", wish).content == found.content
    post(bank, "/v1/payouts", later)
    wallet.wait_for(later["reference"])
    assert wallet.of(wish["reference"]) == []
    assert len(bank.orders_of("payouts", wish["reference"])) == 1


def test_time_out_of_a_lost_payout_leaves_nothing_to_find(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, TIMES_OUT_LOST))
    with pytest.raises(ProtocolError):
        post(bank, "/v1/payouts", wish)
    assert get(bank, f"/v1/payouts/{wish['reference']}").outcome == (404, "PAYOUT_NOT_FOUND")
    assert bank.orders_of("payouts", wish["reference"]) == []


def test_busy_card_refuses_each_payout_twice_also_after_a_charge_with_its_reference(
    bank: RunningBank,
) -> None:
    wish = order_wish(bind(bank, UNAVAILABLE_TWICE))
    for path in ("/v1/charges", "/v1/payouts"):
        assert [post(bank, path, wish).status for _ in range(4)] == [503, 503, 201, 201]
    assert len(bank.orders_of("payouts", wish["reference"])) == 1


@pytest.mark.parametrize("change", [{"amount": 1251}, {"card_token": "card_other"}])
def test_same_reference_for_another_payout_is_refused(
    bank: RunningBank, change: dict[str, object]
) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    assert post(bank, "/v1/payouts", wish).status == 201
    assert post(bank, "/v1/payouts", {**wish, **change}).outcome == (409, "REFERENCE_REUSED")
    assert [payout["amount"] for payout in bank.orders_of("payouts", wish["reference"])] == [1250]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"card_token": "card_unknown"}, (422, "CARD_NOT_BOUND")),
        ({"currency": "USD"}, (422, "CURRENCY_NOT_SUPPORTED")),
        ({"amount": 0}, (400, "MALFORMED_REQUEST")),
        ({"tip": 1}, (400, "MALFORMED_REQUEST")),
    ],
)
def test_wrong_payout_is_refused_and_not_booked(
    bank: RunningBank, change: dict[str, object], outcome: tuple[int, str]
) -> None:
    wish = {**order_wish(bind(bank, ORDINARY)), **change}
    assert post(bank, "/v1/payouts", wish).outcome == outcome
    assert get(bank, f"/v1/payouts/{wish['reference']}").status == 404


def test_unbound_card_takes_no_payout_but_gets_the_one_on_its_way(
    bank: RunningBank, wallet: Receiver
) -> None:
    card_token = bind(bank, ORDINARY)
    on_its_way = order_wish(card_token)
    assert post(bank, "/v1/payouts", on_its_way).status == 201
    assert signed("DELETE", f"/v1/card-tokens/{card_token}").send(bank).status == 204
    assert post(bank, "/v1/payouts", order_wish(card_token)).outcome == (422, "CARD_NOT_BOUND")
    wallet.wait_for(on_its_way["reference"])
    assert wallet.statuses_of(on_its_way["reference"]) == ["paid"]


def test_many_at_once_with_one_reference_are_one_payout(bank: RunningBank) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(bank, "/v1/payouts", wish), range(32)))
    assert {answer.content["payout_id"] for answer in answers} == {answers[0].content["payout_id"]}
    assert len(bank.orders_of("payouts", wish["reference"])) == 1


def test_payout_on_its_way_goes_on_after_a_crash_and_is_told(tmp_path: Path) -> None:
    with receiver() as wallet:
        with running_bank(tmp_path) as bank:
            bank.send_notifications_to(wallet.url)
            wish = order_wish(bind(bank, ORDINARY))
            answer = post(bank, "/v1/payouts", wish)
            bank.crash()
        assert answer.content["status"] == "accepted"
        assert wallet.deliveries == []
        with running_bank(tmp_path) as bank:
            (delivery,) = wallet.wait_for(wish["reference"])
            assert delivery.order["status"] == "paid"
            assert bank.operator("GET", "/payouts")["paid_out"] == 1250
