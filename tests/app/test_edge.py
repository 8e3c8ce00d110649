"""One error path: whatever goes wrong, the caller gets a problem and nobody a stack trace."""

import io
import json
import os
import subprocess
import sys

import pytest

from shared.settings import settings
from tests.edge import call

pytestmark = pytest.mark.usefixtures("cloud")
ORIGIN = "https://wallet.example"


def test_an_unknown_path_is_not_found() -> None:
    answer = call("GET", "/v1/nowhere")

    assert (answer.status, answer.code) == (404, "NOT_FOUND")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = call("DELETE", "/v1/transfers")

    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("path", ["/v1/wallet", "/v1/nowhere", "/openapi.json"])
def test_every_answer_has_an_id_and_the_configured_origin(path: str) -> None:
    answer = call("GET", path, headers={"Origin": ORIGIN})

    assert answer.headers["X-Request-Id"]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_foreign_origin_is_not_allowed() -> None:
    answer = call("GET", "/openapi.json", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_failure_of_ours_is_a_problem_without_its_cause(
    monkeypatch: pytest.MonkeyPatch, log_text: io.StringIO
) -> None:
    monkeypatch.setenv("KEYS_SECRET", "there-is-none")
    settings.cache_clear()
    try:
        answer = call(
            "POST", "/v1/sessions", {"phone": "+8613800000001", "password": "long enough 1"},
            headers={"Origin": ORIGIN, "Accept-Language": "en"},
        )  # fmt: skip
    finally:
        monkeypatch.undo()
        settings.cache_clear()

    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert "there-is-none" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    logged = [json.loads(line) for line in log_text.getvalue().splitlines()]
    assert [line["message"] for line in logged] == ["request_failed", "request"]


def test_each_request_is_logged_with_its_id_and_without_its_content(
    log_text: io.StringIO,
) -> None:
    call("POST", "/v1/sessions", {"phone": "+8613800000001", "password": "my secret phrase"})

    out = log_text.getvalue()
    line = json.loads(out.splitlines()[-1])
    assert line["message"] == "request"
    assert line["operation"] == "POST /v1/sessions"
    assert line["status"] == 401
    assert line["code"] == "WRONG_CREDENTIALS"
    assert line["request_id"]
    assert "my secret phrase" not in out
    assert "13800000001" not in out


def test_where_tracing_is_off_the_tracer_is_not_even_imported() -> None:
    asked = (
        "import sys; from tests.edge import call; "
        "assert call('GET', '/openapi.json').status == 200; "
        "print('aws_xray_sdk' in sys.modules)"
    )
    found = {
        tracing: subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "TRACING": tracing, "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for tracing in ("off", "on")
    }
    assert found == {"off": "False", "on": "True"}
