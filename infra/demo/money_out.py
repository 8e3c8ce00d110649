"""Money goes out to a bank card, comes back when the bank refuses, and comes in by WeChat Pay."""

from typing import Any

import urllib3

from infra.demo.main_job import CARD, SENT
from infra.demo.telling import chapter, expect, step, until
from infra.phone_app import PhoneApp, Unexpected
from shared.money import display

CARD_OF_A_CLOSED_ACCOUNT = "6222021234500040005"
WITHDRAWN, TOPPED_UP = 5_000, 8_800


def money_out_and_in(bo: PhoneApp) -> None:
    chapter("Money goes out, and comes in by a platform")
    withdraw(bo)
    fail_to_withdraw(bo)
    pay_by_wechat(bo)
    expected = SENT - WITHDRAWN + TOPPED_UP
    if bo.available() != expected:
        raise Unexpected(f"Bo has {bo.available()}, not {expected}")
    step("Bo has what it must be", display(expected))


def withdraw(bo: PhoneApp) -> None:
    card = bo.bind_card(CARD)
    wish = {"amount": WITHDRAWN, "currency": "CNY", "card_id": card["card_id"]}
    quote = bo.must(200, "POST", "/v1/withdrawals/quote", wish)
    step(
        f"Bo asks what it costs to withdraw {display(WITHDRAWN)}",
        f"fee {display(quote['fee'])}, there by {quote['expected_by']}",
    )
    begun = bo.withdraw(card["card_id"], WITHDRAWN)
    expect(begun, 202, status="pending", fee=quote["fee"])
    held = bo.must(200, "GET", "/v1/wallet")["held"]
    step("He confirms with his pay password", f"{begun.json['status']}, held {display(held)}")
    paid = follow(bo, begun.json["withdrawal_id"], "paid")
    step("The bank has paid", f"{times(paid)}; its reference {paid['bank_reference']}")


def fail_to_withdraw(bo: PhoneApp) -> None:
    card, before = bo.bind_card(CARD_OF_A_CLOSED_ACCOUNT), bo.available()
    begun = bo.withdraw(card["card_id"], WITHDRAWN)
    expect(begun, 202)
    failed = follow(bo, begun.json["withdrawal_id"], "failed")
    step("He withdraws to a card whose account is closed", times(failed))
    diagnosis = failed["diagnosis"]
    step(f"What happened: {diagnosis['cause']}", diagnosis["next_step"])
    if bo.available() != before:
        raise Unexpected(f"Bo has {bo.available()} after a failed withdrawal, not {before}")
    step("His money is back", display(before))


def pay_by_wechat(bo: PhoneApp) -> None:
    begun = bo.check_out("wechat_pay", TOPPED_UP)
    expect(begun, 202, status="pending")
    checkout = begun.json["checkout"]
    step(f"He tops up {display(TOPPED_UP)} by WeChat Pay", f"to be paid at {checkout['url']}")
    paid = urllib3.request("POST", checkout["url"], timeout=10)
    if paid.status != 200:
        raise Unexpected(f"the checkout answered {paid.status}")
    path = f"/v1/top-ups/{begun.json['top_up_id']}"
    until(lambda: bo.must(200, "GET", path), lambda shown: bool(shown["status"] == "succeeded"))
    step("He pays there, and WeChat Pay tells the wallet", f"available {display(bo.available())}")


def follow(bo: PhoneApp, withdrawal_id: str, end: str) -> Any:
    """The withdrawal as it is shown at its end."""
    path = f"/v1/withdrawals/{withdrawal_id}"
    return until(lambda: bo.must(200, "GET", path), lambda shown: bool(shown["status"] == end))


def times(withdrawal: dict[str, Any]) -> str:
    """Its history in a line."""
    return " → ".join(f"{one['status']} {one['at'][11:19]}" for one in withdrawal["history"])
