"""No code, password, token or phone in a log, a metric or a table."""

import pytest

from tests.edge import call
from tests.functions.identity.asking import PHONE, refresh, registration, sign_in, stored, wrong
from tests.people import PASSWORD, PAY_PASSWORD

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_whole_life_in_the_wallet_writes_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    body = registration()
    call("POST", "/v1/users", body | {"code": wrong(body["code"])})
    call("POST", "/v1/users", body | {"password": "password123"})
    tokens = call("POST", "/v1/users", body).json["tokens"]
    sign_in(password="a wrong but secret one")
    more = sign_in().json["tokens"]
    renewed = refresh(tokens["refresh_token"]).json["tokens"]
    pay_password = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    call("PUT", "/v1/me/pay-password", pay_password, token=renewed["access_token"])
    change = {"current_password": PASSWORD, "new_password": "another secret phrase"}
    call("PUT", "/v1/me/password", change, token=renewed["access_token"])
    call("DELETE", "/v1/sessions/current", token=renewed["access_token"])

    secrets = [
        body["code"],
        PASSWORD,
        PAY_PASSWORD,
        "password123",
        "a wrong but secret one",
        "another secret phrase",
        *(pair[name][-43:] for pair in (tokens, more, renewed) for name in _TOKENS),
    ]
    written = "".join(capsys.readouterr())
    kept = str(stored())
    assert "signed_in" in written
    assert [secret for secret in secrets if secret in written or secret in kept] == []
    assert PHONE[-8:] not in written


def test_the_phone_is_kept_in_one_place() -> None:
    call("POST", "/v1/users", registration())
    holding = [item["sk"]["S"] for item in stored() if PHONE[-8:] in str(item)]

    assert holding == ["USER"]


_TOKENS = ("access_token", "refresh_token")
