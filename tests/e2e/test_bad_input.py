"""Wrong requests over real HTTP: a clear problem, the right status, nothing moved, never a 500."""

import json
from collections.abc import Mapping

import pytest

from infra.phone_app import PhoneApp, new_key
from infra.stack import Addresses

ORIGIN = "http://localhost:3000"


def transfer(bo: PhoneApp, **change: object) -> dict[str, object]:
    body: dict[str, object] = {
        "payee": {"phone": bo.phone},
        "amount": 1,
        "currency": "CNY",
        "pay_password": bo.pay_password,
    }
    return body | change


def text(bo: PhoneApp, member: str) -> bytes:
    """A body that no JSON writer would make, with `member` in the place of the amount."""
    return json.dumps(transfer(bo)).replace('"amount": 1', member).encode()


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ('"amount": 1.0', "INVALID_FIELD"),
        ('"amount": 1e2', "INVALID_FIELD"),
        ('"amount": NaN', "MALFORMED_JSON"),
        ('"amount": 1, "amount": 1', "MALFORMED_JSON"),
        ('"amount": 01', "MALFORMED_JSON"),
        ('"amount": 1' + "0" * 30, "INVALID_FIELD"),
        ('"amount": true', "INVALID_FIELD"),
        ('"amount": "1"', "INVALID_FIELD"),
        ('"amount": -5', "INVALID_FIELD"),
        ('"amount": 0', "INVALID_FIELD"),
        ('"amount": 1, "note": "\\u0000"', "INVALID_FIELD"),
        ('"amount": 1, "note": "\\ud800"', "INVALID_FIELD"),
        ('"amount": 1, "admin": true', "UNKNOWN_FIELD"),
        ('"amount": ' + "[" * 5_000 + "]" * 5_000, "MALFORMED_JSON"),
    ],
)
def test_a_bad_body_is_refused_by_name(ana: PhoneApp, bo: PhoneApp, member: str, code: str) -> None:
    before = ana.available()
    answer = ana.ask("POST", "/v1/transfers", text(bo, member), key=new_key())

    assert (answer.status, answer.json["code"]) == (400, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert ana.available() == before


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe{}", b"[]", b"null", b'"text"'])
def test_what_is_no_json_object_is_refused(ana: PhoneApp, body: bytes) -> None:
    answer = ana.ask("POST", "/v1/transfers", body, key=new_key())

    assert answer.status == 400
    assert answer.json["code"] in ("MALFORMED_JSON", "INVALID_FIELD")


def test_a_megabyte_is_too_much(ana: PhoneApp, bo: PhoneApp) -> None:
    body = transfer(bo, note="x" * 1_000_000)
    answer = ana.ask("POST", "/v1/transfers", body, key=new_key())

    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/jsonp", ""])
def test_another_content_type_is_refused(ana: PhoneApp, bo: PhoneApp, kind: str) -> None:
    answer = ana.ask(
        "POST", "/v1/transfers", transfer(bo), key=new_key(), headers={"Content-Type": kind}
    )
    assert (answer.status, answer.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "NOT_FOUND"),
        ("POST", "/", 404, "NOT_FOUND"),
        ("GET", "/v1/transfers", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/v1/wallet", 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", "/v1/transfers/t_x", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/transfers/t_x", 404, "NOT_FOUND"),
        ("GET", "/v1/transfers/..%2F..%2Fetc", 404, "NOT_FOUND"),
        ("GET", "/v1/wallet/entries?cursor=forged", 400, "INVALID_CURSOR"),
        ("GET", "/v1/wallet/entries?limit=0", 400, "INVALID_FIELD"),
        ("GET", "/v1/wallet/entries?limit=101", 400, "INVALID_FIELD"),
        ("GET", "/v1/wallet/entries?kind=null", 400, "INVALID_FIELD"),
        ("GET", "/v1/wallet/entries?knid=transfer", 400, "UNKNOWN_FIELD"),
        ("GET", "/v1/wallet/entries?limit=1&limit=2", 400, "INVALID_FIELD"),
    ],
)
def test_a_wrong_address_is_answered_as_a_problem(
    ana: PhoneApp, method: str, path: str, status: int, code: str
) -> None:
    answer = ana.ask(method, path)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer " + "A" * 4_000},
        {"Authorization": "Basic YTpi"},
    ],
)
def test_without_a_proper_token_nothing_is_shown(ana: PhoneApp, headers: Mapping[str, str]) -> None:
    answer = ana.ask("GET", "/v1/wallet", headers=dict(headers))

    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_is_not_signed_in_hears_that_before_anything_else(addresses: Addresses) -> None:
    answer = PhoneApp(addresses).ask("POST", "/v1/transfers", b"not json")

    assert answer.status == 401


def test_a_browser_of_a_configured_origin_may_call(ana: PhoneApp) -> None:
    preflight = ana.ask("OPTIONS", "/v1/transfers", headers={"Origin": ORIGIN})
    refused = ana.ask("GET", "/v1/nothing", headers={"Origin": ORIGIN})

    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_another_origin_may_not(ana: PhoneApp) -> None:
    answer = ana.ask("GET", "/v1/wallet", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_same_key_with_another_body_is_refused(ana: PhoneApp, bo: PhoneApp) -> None:
    key = new_key()
    assert ana.transfer({"phone": bo.phone}, 1, key=key).status == 201
    answer = ana.transfer({"phone": bo.phone}, 2, key=key)

    assert (answer.status, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
