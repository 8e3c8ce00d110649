"""Requests that several tests of identity make, and looks at all that is stored."""

from typing import Any

from tests.conftest import ledger_items, record_items
from tests.edge import Answer, call
from tests.people import PASSWORD, code_in_last_sms

PHONE = "+8613800000001"
OTHER_PHONE = "+8613800000002"


def ask_code(phone: str = PHONE, purpose: str = "register", **more: Any) -> Answer:
    return call("POST", "/v1/verification-codes", {"phone": phone, "purpose": purpose}, **more)


def registration(phone: str = PHONE, **changed: Any) -> dict[str, Any]:
    """The body of a registration, with a code that was just sent."""
    sent = ask_code(phone)
    assert sent.status == 202, sent.text
    return {
        "phone": phone,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(phone),
        "password": PASSWORD,
    } | changed


def sign_in(phone: str = PHONE, password: str = PASSWORD, **more: Any) -> Answer:
    return call("POST", "/v1/sessions", {"phone": phone, "password": password}, **more)


def refresh(refresh_token: str) -> Answer:
    return call("POST", "/v1/sessions/refresh", {"refresh_token": refresh_token})


def opens(access_token: str) -> bool:
    """Whether a token lets its bearer in."""
    return call("GET", "/v1/me", token=access_token).status == 200


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def stored(kind: str = "") -> list[dict[str, Any]]:
    """All items of both tables, or those whose sort key starts with `kind`, as boto3 shows them."""
    items = ledger_items() + record_items()
    return [item for item in items if item["sk"]["S"].startswith(kind)]
