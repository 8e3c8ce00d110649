"""Money that moves at the bank, in our books, or in both; and what the comparison makes of it."""

import json
from typing import Any

from functions.reconciliation.events import on_reconciliation_schedule
from functions.reconciliation.findings import Finding, from_csv
from functions.reconciliation.report import report_key, summary_key
from functions.topups.ending import booking_id
from functions.withdrawals.settlement import payout_transfer_id
from shared import clock
from shared.aws import client
from shared.bank import get_bank
from shared.identifiers import new_id
from shared.ledger import FromSystem, Movement, ToSystem, hold, post, settle
from shared.ledger.accounts import BANK_SETTLEMENT
from shared.ledger.records import Transfer
from shared.money import Money
from shared.settings import settings
from tests.clock import TestClock
from tests.functions.scheduled import TICK
from tests.ledger_accounts import ANN, debit, to
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import ORDINARY, RunningBank
from tests.sandbox.signed_client import bind

AMOUNT = 1_250
BUCKET = "test-settlement"


def charge_at_bank(bank: RunningBank, *, amount: int = AMOUNT, reference: str = "") -> str:
    """The bank takes money from a card; gives the reference."""
    reference = reference or new_id("tu")
    token = bind(bank, ORDINARY)
    charge = get_bank().charge(reference=reference, card_token=token, amount=Money(amount=amount))
    assert charge.status == "succeeded"
    return reference


def pay_out_at_bank(
    bank: RunningBank, *, amount: int = AMOUNT, reference: str = "", number: str = ORDINARY
) -> str:
    """The bank pays to a card; gives the reference when it has."""
    reference = reference or new_id("w")
    token = bind(bank, number)
    get_bank().pay_out(reference=reference, card_token=token, amount=Money(amount=amount))
    wait_until(lambda: bank.orders_of("payouts", reference)[0]["status"] != "accepted")
    return reference


def book_charge(reference: str, *, amount: int = AMOUNT) -> Transfer:
    """Books it as a top-up of Ann's is booked."""
    movement = Movement(
        transfer_id=booking_id(reference),
        kind="top_up",
        amount=Money(amount=amount),
        reference=reference,
    )
    return post(movement, debit=FromSystem(BANK_SETTLEMENT), credit=to(ANN)).transfer


def hold_payout(reference: str, *, amount: int = AMOUNT) -> str:
    """Reserves it as a withdrawal of Ann's is; gives the id of the hold."""
    movement = Movement(
        transfer_id=payout_transfer_id(reference),
        kind="withdrawal",
        amount=Money(amount=amount),
        reference=reference,
    )
    hold(movement, debit=debit(ANN), credit=ToSystem(BANK_SETTLEMENT), expires_at=None)
    return movement.transfer_id


def book_payout(reference: str, *, amount: int = AMOUNT) -> Transfer:
    hold_id = hold_payout(reference, amount=amount)
    return settle(hold_id, credit=ToSystem(BANK_SETTLEMENT), has_left=True)


def misprint(bank: RunningBank, mistake: str, **wish: object) -> None:
    bank.operator("POST", "/settlement-mistakes", {"mistake": mistake, **wish})


def next_day(test_clock: TestClock) -> str:
    """Moves on to when the present day is compared; gives that day."""
    day = clock.local_day()
    after = clock.bounds_of_day(day)[1] + settings().reconciliation_starts_seconds
    test_clock.seconds = float(after)
    return day


def run() -> tuple[str | None, str | None]:
    """One run of the schedule: which day it was at, and the status of that then."""
    told = on_reconciliation_schedule(TICK, None)
    return told["day"], told["status"]


def compared(test_clock: TestClock) -> str:
    """The present day, compared."""
    day = next_day(test_clock)
    assert run() == (day, "done")
    return day


def findings(day: str) -> list[Finding]:
    return from_csv(stored(report_key(day)))


def found(day: str) -> list[tuple[str, str, int | None, int | None, str]]:
    """What was found, its reference, what each side says, and how it stands."""
    return [(one.what, one.reference, one.books, one.bank, one.standing) for one in findings(day)]


def summary(day: str) -> Any:
    return json.loads(stored(summary_key(day)))


def stored(key: str) -> bytes:
    content: bytes = client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content
