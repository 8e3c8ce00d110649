from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.sandbox.receiver import wait_until
from tests.sandbox.running import HTTP, ORDINARY, RunningBank, running_bank
from tests.sandbox.signed_client import bind, get, order_wish, post, refund_wish

HEAD = "bank_id,reference,kind,amount,currency,time"
REVERSED = "6222021234500120005"
PENDING = "6222021234500160001"


def today() -> str:
    """The day of the bank. Tests that run over its midnight may fail."""
    return datetime.now(timezone(timedelta(hours=8))).date().isoformat()


def lines_of(bank: RunningBank, day: str) -> list[str]:
    """Without the head and the last line, which tells how many there are."""
    answer = get(bank, f"/v1/settlement-files/{day}")
    head, *lines, last = answer.body.decode().splitlines()
    assert (answer.status, head) == (200, HEAD)
    amounts = [int(line.split(",")[3]) for line in lines]
    assert last == f"total,{day},{len(lines)},{sum(amounts)}"
    return lines


def moved(bank: RunningBank, day: str) -> list[tuple[str, str, int]]:
    """Reference, kind and amount of each line."""
    cells = [line.split(",") for line in lines_of(bank, day)]
    return [(reference, kind, int(amount)) for _, reference, kind, amount, *_ in cells]


def test_file_lists_charges_payouts_reversals_and_refunds_and_nothing_else(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        card_token = bind(bank, ORDINARY)
        charge, pending = order_wish(card_token, amount=300), order_wish(bind(bank, PENDING))
        payout, returned = order_wish(card_token, amount=40), order_wish(bind(bank, REVERSED))
        declined = order_wish(bind(bank, "6222021234500030006"))
        rejected = order_wish(bind(bank, "6222021234500060003"))
        refund = refund_wish(charge["reference"], amount=7)
        wishes = {
            "/v1/charges": (charge, pending, declined),
            "/v1/payouts": (payout, returned, rejected),
            "/v1/refunds": (refund,),
        }
        answers = {
            wish["reference"]: post(bank, path, wish).content
            for path, each in wishes.items()
            for wish in each
        }
        wait_until(lambda: len(lines_of(bank, today())) >= 6)
        file = lines_of(bank, today())
        assert sorted(moved(bank, today())) == sorted(
            [
                (charge["reference"], "charge", 300),
                (pending["reference"], "charge", 1250),
                (payout["reference"], "payout", 40),
                (returned["reference"], "payout", 1250),
                (returned["reference"], "reversal", 1250),
                (refund["reference"], "refund", 7),
            ]
        )
    told = answers[charge["reference"]]
    whole_line = f"{told['charge_id']},{charge['reference']},charge,300,CNY,{told['booked_at']}"
    assert file[0] == whole_line


def test_day_ends_at_midnight_in_china(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        post(bank, "/v1/charges", order_wish(bind(bank, ORDINARY)))
        day = datetime.fromisoformat(today())
        days = [(day + timedelta(days=shift)).date().isoformat() for shift in (-1, 0, 1)]
        assert [len(lines_of(bank, each)) for each in days] == [0, 1, 0]


@pytest.mark.parametrize("day", ["today", "2026-13-01", "9999-12-31"])
def test_file_of_no_day_is_not_found(bank: RunningBank, day: str) -> None:
    answer = get(bank, f"/v1/settlement-files/{day}")
    assert answer.outcome == (404, "SETTLEMENT_FILE_NOT_FOUND")


def test_operator_puts_mistakes_into_the_file_and_takes_them_out(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        card_token = bind(bank, ORDINARY)
        one, two = order_wish(card_token), order_wish(card_token)
        for wish in (one, two):
            post(bank, "/v1/charges", wish)
        true = lines_of(bank, today())
        missing = {"mistake": "missing", "reference": one["reference"], "kind": "charge"}
        changed = {"mistake": "changed", "reference": two["reference"], "kind": "charge"}
        extra = {"mistake": "extra", "reference": "w_never", "kind": "payout", "amount": 900}
        for mistake in (missing, {**changed, "amount": 1251}, {**extra, "day": today()}):
            bank.operator("POST", "/settlement-mistakes", mistake)
        assert moved(bank, today()) == [
            (two["reference"], "charge", 1251),
            ("w_never", "payout", 900),
        ]
        bank.operator("DELETE", "/settlement-mistakes")
        assert lines_of(bank, today()) == true
        assert bank.operator("GET", "/charges")["charged"] == 2500


def test_file_of_a_day_can_be_absent_or_cut(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        post(bank, "/v1/charges", order_wish(bind(bank, ORDINARY)))
        path = f"/v1/settlement-files/{today()}"
        whole = get(bank, path).body.decode()
        bank.operator("POST", "/settlement-mistakes", {"mistake": "cut", "day": today()})
        assert get(bank, path).body.decode().splitlines() == whole.splitlines()[:-1]
        bank.operator("POST", "/settlement-mistakes", {"mistake": "absent", "day": today()})
        assert get(bank, path).outcome == (404, "SETTLEMENT_FILE_NOT_FOUND")
        bank.operator("DELETE", "/settlement-mistakes")
        assert get(bank, path).body.decode() == whole


def test_extra_line_can_repeat_a_true_one(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        wish = order_wish(bind(bank, ORDINARY))
        post(bank, "/v1/charges", wish)
        line = {"reference": wish["reference"], "kind": "charge", "amount": 1, "day": today()}
        bank.operator("POST", "/settlement-mistakes", {"mistake": "extra", **line})
        assert moved(bank, today()) == [
            (wish["reference"], "charge", 1250),
            (wish["reference"], "charge", 1),
        ]


@pytest.mark.parametrize(
    "wish",
    [
        b'{"mistake": "extra", "reference": "x", "kind": "payout"}',
        b'{"mistake": "changed", "reference": "x", "kind": "payout"}',
        b'{"mistake": "missing", "reference": "x,y", "kind": "payout"}',
        b'{"mistake": "missing", "reference": "x", "kind": "gift"}',
        b'{"mistake": "lost", "reference": "x", "kind": "payout"}',
    ],
)
def test_mistake_that_makes_no_sense_is_refused(bank: RunningBank, wish: bytes) -> None:
    address = f"{bank.url}/_sandbox/settlement-mistakes"
    assert HTTP.request("POST", address, body=wish).status == 400
