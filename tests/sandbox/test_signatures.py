import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infra.sandbox import signature
from tests.sandbox.running import ORDINARY, RunningBank, running_bank
from tests.sandbox.signed_client import (
    Call,
    bind,
    binding_wish,
    get,
    new_reference,
    order_wish,
    signed,
)

NONCE = "nonce-0123456789"


def test_signatures_agree_with_openssl() -> None:
    key = bytes([0x11] * 32)
    of_request = signature.of_request(
        key,
        method="POST",
        target="/v1/charges",
        timestamp="1700000000",
        nonce=NONCE,
        digest=signature.digest(b"{}"),
    )
    of_answer = signature.of_answer(
        key,
        timestamp="1700000001",
        nonce=NONCE,
        status=404,
        digest=signature.digest(b'{"code":"CHARGE_NOT_FOUND"}'),
    )
    of_notification = signature.of_notification(
        key, event_id="evt_1", timestamp="1700000002", digest=signature.digest(b"{}")
    )
    assert of_request == "299bf43a1bae2cf79b02cdde05102e31a07fc62d49cbba49ba69cdb75423fe4e"
    assert of_notification == "789478f1fa2ab37d09924a128beb93c0ae771254f5d982f236c6b4ec20455686"
    assert of_answer == "9ee2cd73b4477b671259eb338f688d6bba9032669cc06d7437e50f3619d36800"


FORGERIES: dict[str, Callable[[bytes], Call]] = {
    "no signature at all": lambda body: Call("POST", "/v1/charges", body),
    "another key": lambda body: signed("POST", "/v1/charges", body, key=bytes(32)),
    "another client": lambda body: signed("POST", "/v1/charges", body).with_headers(
        Client_Id="somebody-else"
    ),
    "another body": lambda body: replace(
        signed("POST", "/v1/charges", body), body=body.replace(b"1250", b"1251")
    ),
    "another path": lambda body: replace(
        signed("POST", "/v1/card-bindings", body), target="/v1/charges"
    ),
    "another method": lambda body: replace(signed("PUT", "/v1/charges", body), method="POST"),
    "a query added": lambda body: replace(
        signed("POST", "/v1/charges", body), target="/v1/charges?x=1"
    ),
    "another nonce": lambda body: signed("POST", "/v1/charges", body).with_headers(Nonce=NONCE),
    "another time": lambda body: signed("POST", "/v1/charges", body).with_headers(
        Timestamp="1700000000"
    ),
    "stale": lambda body: signed("POST", "/v1/charges", body, age_seconds=300),
    "from the future": lambda body: signed("POST", "/v1/charges", body, age_seconds=-330),
    "a short nonce": lambda body: signed("POST", "/v1/charges", body, nonce="short"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_call_is_refused_and_does_nothing(bank: RunningBank, forgery: str) -> None:
    wish = order_wish(bind(bank, ORDINARY))
    call = FORGERIES[forgery](json.dumps(wish).encode())
    answer = call.send(bank)
    assert answer.outcome == (401, "UNAUTHENTICATED")
    assert not bank.charges_of(str(wish["reference"]))


def test_bank_signs_nothing_for_a_stranger(bank: RunningBank) -> None:
    answer = Call("GET", "/v1/charges/x", b"").with_headers(Nonce=NONCE).send(bank)
    assert (answer.status, answer.signature) == (401, "")


def test_call_that_is_almost_stale_is_answered(bank: RunningBank) -> None:
    answer = signed("GET", "/v1/charges/never-seen", age_seconds=290).send(bank)
    assert answer.outcome == (404, "CHARGE_NOT_FOUND")


def test_answer_is_signed_for_its_request_only(bank: RunningBank) -> None:
    nonce = secrets.token_hex(16)
    answer = signed("GET", "/v1/charges/never-seen", nonce=nonce).send(bank)
    assert answer.is_signed_for(nonce)
    assert not answer.is_signed_for(secrets.token_hex(16))
    assert not replace(answer, status=200).is_signed_for(nonce)
    assert not replace(answer, body=b"{}").is_signed_for(nonce)
    assert not replace(answer, timestamp="1700000000").is_signed_for(nonce)


def test_replayed_call_is_refused_also_after_a_restart(tmp_path: Path) -> None:
    call = signed("GET", "/v1/charges/never-seen")
    with running_bank(tmp_path) as bank:
        assert call.send(bank).status == 404
        assert call.send(bank).status == 401
        bank.crash()
    with running_bank(tmp_path) as bank:
        assert call.send(bank).status == 401


def test_forged_call_does_not_use_up_the_nonce(bank: RunningBank) -> None:
    nonce = secrets.token_hex(16)
    assert signed("GET", "/v1/charges/x", key=bytes(32), nonce=nonce).send(bank).status == 401
    assert signed("GET", "/v1/charges/x", nonce=nonce).send(bank).status == 404


def test_body_beyond_the_limit_is_refused(bank: RunningBank) -> None:
    wish = binding_wish(ORDINARY, holder_name="x" * 20_000)
    answer = signed("POST", "/v1/card-bindings", json.dumps(wish).encode()).send(bank)
    assert answer.outcome == (413, "BODY_TOO_LARGE")


def test_ordered_forgery_does_the_call_and_signs_it_wrongly(bank: RunningBank) -> None:
    reference, nonce = new_reference(), secrets.token_hex(16)
    wish = order_wish(bind(bank, ORDINARY), reference=reference)
    bank.plan_fault("forged")
    answer = signed("POST", "/v1/charges", json.dumps(wish).encode(), nonce=nonce).send(bank)
    assert answer.status == 201
    assert not answer.is_signed_for(nonce)
    assert get(bank, f"/v1/charges/{reference}").content["status"] == "succeeded"


def test_bank_can_be_told_to_forget_requests_sooner(tmp_path: Path) -> None:
    with running_bank(tmp_path, "--request-lifetime-seconds", "20") as bank:
        assert signed("GET", "/v1/charges/x", age_seconds=15).send(bank).status == 404
        assert signed("GET", "/v1/charges/x", age_seconds=20).send(bank).status == 401
