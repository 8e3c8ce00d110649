"""POST /v1/notifications/bank/charges: charges whose end the bank tells later."""

import json
import secrets
import time

import pytest

from functions.topups.resolution import resolve_due
from tests.edge import Answer, call
from tests.functions.bank_cards import bind, top_up
from tests.functions.topups.platform_payments import shown
from tests.functions.topups.test_top_up import same_answer_again, used_today
from tests.people import Person
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import KEY, ORDINARY, TIMES_OUT_EXECUTED, RunningBank
from tests.sandbox.signed_client import sha256, sign

CONFIRMED_LATER, DECLINED_LATER = "6222021234500160001", "6222021234500170000"


def tell(
    top_up_id: str, status: str, *, key: bytes = KEY, age_seconds: int = 0, **changed: object
) -> Answer:
    """What the bank would tell of the charge of a top-up of 500."""
    charge = {
        "charge_id": "chg_1",
        "reference": top_up_id,
        "status": status,
        "reason": "INSUFFICIENT_FUNDS" if status == "declined" else None,
        "amount": 500,
        "currency": "CNY",
        "booked_at": "2026-03-01T04:00:00Z",
    }
    body = json.dumps({"charge": charge | changed}).encode()
    event_id, timestamp = f"evt_{secrets.token_hex(6)}", str(int(time.time()) - age_seconds)
    headers = {
        "Bank-Event-Id": event_id,
        "Bank-Timestamp": timestamp,
        "Bank-Signature": sign(key, event_id, timestamp, sha256(body)),
    }
    path = "/v1/notifications/bank/charges"
    return call("POST", path, raw=body.decode(), headers=headers)


def begun(person: Person, bank: RunningBank, number: str = CONFIRMED_LATER) -> Answer:
    """A top-up that waits for the word of the bank."""
    answer = top_up(person, bind(person, bank, number), 500, key="k")
    assert (answer.status, answer.json["status"]) == (202, "pending")
    return answer


def test_a_confirmed_charge_is_credited_once(ana: Person, bank: RunningBank) -> None:
    first = begun(ana, bank)
    for _ in range(3):
        assert tell(first.json["top_up_id"], "succeeded").status == 204
    assert ana.available == used_today(ana) == 500
    card_id = first.json["source"]["card_id"]
    assert same_answer_again(first, top_up(ana, card_id, 500, key="k"))
    assert resolve_due() == 0


def test_a_declined_charge_fails_and_costs_no_allowance(ana: Person, bank: RunningBank) -> None:
    made = begun(ana, bank, DECLINED_LATER).json["top_up_id"]
    for _ in range(2):
        assert tell(made, "declined").status == 204
    view = shown(ana, made)
    assert (view["status"], view["reason"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert (ana.available, used_today(ana)) == (0, 0)


def test_one_that_tells_nothing_new_leaves_it_pending(ana: Person, bank: RunningBank) -> None:
    made = begun(ana, bank).json["top_up_id"]
    assert tell(made, "pending").status == 204
    assert shown(ana, made)["status"] == "pending"


@pytest.mark.parametrize(("number", "status"), [(CONFIRMED_LATER, 500), (DECLINED_LATER, 0)])
def test_without_a_notification_the_bank_is_asked(
    ana: Person, bank: RunningBank, number: str, status: int
) -> None:
    made = begun(ana, bank, number).json["top_up_id"]
    wait_until(lambda: bank.charges_of(made)[0]["status"] != "pending")
    assert resolve_due() == 1
    assert ana.available == used_today(ana) == status


def test_what_the_bank_could_not_answer_it_tells(ana: Person, bank: RunningBank) -> None:
    made = begun(ana, bank, TIMES_OUT_EXECUTED).json["top_up_id"]
    assert tell(made, "succeeded").status == 204
    assert ana.available == 500


def test_one_that_comes_after_the_end_changes_nothing(ana: Person, bank: RunningBank) -> None:
    made = top_up(ana, bind(ana, bank, ORDINARY), 500, key="k").json["top_up_id"]
    for status in ("succeeded", "pending", "declined"):
        assert tell(made, status).status == 204
    assert shown(ana, made)["status"] == "succeeded"
    assert ana.available == 500


def test_another_amount_goes_back(ana: Person, bank: RunningBank) -> None:
    made = begun(ana, bank).json["top_up_id"]
    assert tell(made, "succeeded", amount=499).status == 204
    view = shown(ana, made)
    assert (view["status"], view["reason"], view["refund"]) == (
        "failed",
        "AMOUNT_DIFFERS",
        "pending",
    )
    assert ana.available == 0


@pytest.mark.parametrize(
    "forgery", [{"key": bytes(32)}, {"age_seconds": 300}, {"age_seconds": -310}]
)
def test_a_forged_or_old_one_moves_nothing(
    ana: Person, bank: RunningBank, forgery: dict[str, object]
) -> None:
    made = begun(ana, bank).json["top_up_id"]
    refused = tell(made, "succeeded", **forgery)  # type: ignore[arg-type]
    assert (refused.status, refused.code) == (401, "NOTIFICATION_NOT_AUTHENTIC")
    assert ana.available == 0


def test_one_of_nothing_is_not_taken(ana: Person, bank: RunningBank) -> None:
    assert tell("tu_nobodys", "succeeded").status == 404
