"""Calls on the hotline, as Amazon Connect tells of them."""

from typing import Any

from functions.support.hotline.events import on_hotline_step
from tests.people import code_in_last_sms

WITHHELD = "anonymous"


def connect_event(do: str, phone: str, contact_id: str = "c-1", **parameters: str) -> Any:
    """What a flow sends to a function."""
    return {
        "Details": {
            "ContactData": {
                "Attributes": {},
                "Channel": "VOICE",
                "ContactId": contact_id,
                "CustomerEndpoint": {"Address": phone, "Type": "TELEPHONE_NUMBER"},
                "InitialContactId": contact_id,
                "InitiationMethod": "INBOUND",
                "InstanceARN": "arn:aws:connect:ap-southeast-1:123456789012:instance/i",
                "PreviousContactId": contact_id,
                "Queue": None,
                "SystemEndpoint": {"Address": "+864001234567", "Type": "TELEPHONE_NUMBER"},
            },
            "Parameters": {"do": do, "language": "en", **parameters},
        },
        "Name": "ContactFlowEvent",
    }


def step(do: str, phone: str, contact_id: str = "c-1", **parameters: str) -> dict[str, str]:
    said: dict[str, str] = on_hotline_step(connect_event(do, phone, contact_id, **parameters), None)
    assert all(isinstance(part, str) for pair in said.items() for part in pair)
    return said


def verified(phone: str, contact_id: str = "c-1") -> None:
    """A caller who has typed the code in."""
    assert step("send_code", phone, contact_id)["outcome"] == "sent"
    told = step("verify", phone, contact_id, code=code_in_last_sms(phone))
    assert told["outcome"] == "verified"
