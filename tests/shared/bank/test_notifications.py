"""What the bank says of its own accord, first as the sandbox sends it, then as a forger might."""

from collections.abc import Callable

import pytest

from shared.bank.notifications import (
    NotificationNotAuthentic,
    read_charge_notification,
    read_payout_notification,
)
from shared.bank.port import Charge, Payout
from shared.bank.signed_http import SandboxBank
from shared.money import Money
from tests.sandbox.receiver import receiver
from tests.sandbox.running import ORDINARY, RunningBank
from tests.sandbox.signed_client import bind, new_reference, notification

pytestmark = pytest.mark.usefixtures("cloud")

AMOUNT = Money(amount=1250)
TOLD = {"reference": "w_1", "amount": 1250, "currency": "CNY", "reason": None}
PAYOUT = {"payout": {**TOLD, "payout_id": "pay_1", "status": "paid"}}
CHARGE = {"charge": {**TOLD, "charge_id": "chg_1", "status": "succeeded"}}

Signed = tuple[dict[str, str], bytes]


def test_notification_of_the_sandbox_is_what_a_query_finds(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    payout, charge = new_reference(), new_reference()
    with receiver() as wallet:
        sandbox.send_notifications_to(wallet.url)
        bank.pay_out(reference=payout, card_token=bind(sandbox, ORDINARY), amount=AMOUNT)
        pending = bank.charge(
            reference=charge, card_token=bind(sandbox, "6222021234500160001"), amount=AMOUNT
        )
        (of_payout,), (of_charge,) = wallet.wait_for(payout), wallet.wait_for(charge)
    told_payout = read_payout_notification(of_payout.headers, of_payout.body)
    told_charge = read_charge_notification(of_charge.headers, of_charge.body)
    assert pending.status == "pending"
    assert told_payout.payout == bank.find_payout(payout)
    assert told_charge.charge == bank.find_charge(charge)
    assert told_payout.event_id == of_payout.event_id
    assert told_payout.event_id != told_charge.event_id


def test_well_signed_notification_is_read() -> None:
    payout = read_payout_notification(*notification(PAYOUT, event_id="evt_7"))
    charge = read_charge_notification(*notification(CHARGE))
    assert payout.event_id == "evt_7"
    assert payout.payout == Payout(payout_id="pay_1", reference="w_1", amount=AMOUNT, status="paid")
    assert charge.charge == Charge(
        charge_id="chg_1", reference="w_1", amount=AMOUNT, status="succeeded"
    )


def without(name: str) -> Callable[[], Signed]:
    def forged() -> Signed:
        headers, body = notification(PAYOUT)
        return {key: value for key, value in headers.items() if key != name}, body

    return forged


def changed(**changes: str) -> Callable[[], Signed]:
    def forged() -> Signed:
        headers, body = notification(PAYOUT)
        renamed = {f"bank-{name.replace('_', '-')}": value for name, value in changes.items()}
        return headers | renamed, body

    return forged


def reworded() -> Signed:
    headers, body = notification(PAYOUT)
    return headers, body.replace(b"1250", b"9250")


FORGERIES: dict[str, Callable[[], Signed]] = {
    "no headers": lambda: ({}, notification(PAYOUT)[1]),
    "no signature": without("bank-signature"),
    "no time": without("bank-timestamp"),
    "no event id": without("bank-event-id"),
    "another key": lambda: notification(PAYOUT, key=bytes(32)),
    "another body": reworded,
    "another event id": changed(event_id="evt_2"),
    "another time": changed(timestamp="1700000000"),
    "a signature that is no ASCII": changed(signature="签名"),
    "five minutes old": lambda: notification(PAYOUT, age_seconds=300),
    "five minutes ahead": lambda: notification(PAYOUT, age_seconds=-301),
    "an event id with a newline": lambda: notification(PAYOUT, event_id="evt\n1"),
    "an event id without end": lambda: notification(PAYOUT, event_id="e" * 65),
    "of a charge": lambda: notification(CHARGE),
    "of nothing": lambda: notification({}),
    "no object": lambda: notification([]),
    "an unknown status": lambda: notification({"payout": {**PAYOUT["payout"], "status": "sent"}}),
    "an amount in yuan": lambda: notification({"payout": {**PAYOUT["payout"], "amount": 12.5}}),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_what_the_bank_did_not_say_of_a_payout_is_refused(forgery: Callable[[], Signed]) -> None:
    with pytest.raises(NotificationNotAuthentic):
        read_payout_notification(*forgery())


def test_word_on_a_payout_is_none_on_a_charge() -> None:
    with pytest.raises(NotificationNotAuthentic):
        read_charge_notification(*notification(PAYOUT))


def test_notification_almost_five_minutes_old_is_believed() -> None:
    assert read_payout_notification(*notification(PAYOUT, age_seconds=290)).event_id == "evt_1"
