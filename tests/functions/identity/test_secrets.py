"""No code, password, token or phone in a log, a metric or a table."""

import re

import pytest

from shared.observability import logger
from tests.edge import call
from tests.functions.identity.asking import PHONE, refresh, registration, sign_in, stored, wrong
from tests.people import PASSWORD, PAY_PASSWORD

DEVICE_SECRET = "seeded-device-secret-" + "x" * 40


def test_a_whole_life_in_the_wallet_writes_no_secret(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    body = registration(device={"id": "d-1"}, device_secret=DEVICE_SECRET)
    call("POST", "/v1/users", body | {"code": wrong(body["code"])})
    call("POST", "/v1/users", body | {"password": "password123"})
    tokens = call("POST", "/v1/users", body).json["tokens"]
    sign_in(password="a wrong but secret one")
    device = {"device": {"id": "d-1"}, "device_secret": DEVICE_SECRET}
    credentials = {"phone": PHONE, "password": PASSWORD} | device
    more = call("POST", "/v1/sessions", credentials).json["tokens"]
    renewed = refresh(tokens["refresh_token"]).json["tokens"]
    pay_password = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    call("PUT", "/v1/me/pay-password", pay_password, token=renewed["access_token"])
    change = {"current_password": PASSWORD, "new_password": "another secret phrase"}
    call("PUT", "/v1/me/password", change, token=renewed["access_token"])
    call("DELETE", "/v1/sessions/current", token=renewed["access_token"])

    secrets = [
        body["code"],
        DEVICE_SECRET,
        PASSWORD,
        PAY_PASSWORD,
        "password123",
        "a wrong but secret one",
        "another secret phrase",
        *(pair["access_token"] for pair in (tokens, more, renewed)),
        *(pair["refresh_token"] for pair in (tokens, more, renewed)),
    ]
    written = [logger.registered_formatter.format(record) for record in caplog.records]
    written += capsys.readouterr()
    assert "signed_in" in str(written)
    assert [secret for secret in secrets if _occurs(secret, str(written))] == []
    assert [secret for secret in secrets if _occurs(secret, str(stored()))] == []
    assert PHONE[-8:] not in str(written)


def test_the_phone_is_kept_nowhere_in_clear() -> None:
    call("POST", "/v1/users", registration())

    assert [item["sk"]["S"] for item in stored() if PHONE[-8:] in str(item)] == []


def _occurs(secret: str, text: str) -> bool:
    """As a whole: six digits may well be a part of some hash."""
    return bool(re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", text))
