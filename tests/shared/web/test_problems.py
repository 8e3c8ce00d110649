"""Refusals: RFC 9457, in the language of the caller, the code the same in all."""

import json

import pytest

from shared.errors import Problem, ServiceUnavailable
from shared.ledger.errors import InsufficientFunds
from shared.web.problems import language, render


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN", "zh"),
        ("fr, de", "zh"),
        ("fr, en;q=0.3", "en"),
        ("en;q=0.2, zh;q=0.8", "zh"),
        ("en;q=0", "zh"),
        ("en;q=abc", "zh"),
        ("EN-us", "en"),
        ("*;q=1, en", "en"),
        ("," * 5000, "zh"),
    ],
)
def test_the_language_is_the_one_the_caller_prefers(header: str | None, expected: str) -> None:
    assert language(header) == expected


def test_a_problem_has_all_members_and_its_texts_follow_the_language() -> None:
    problem = InsufficientFunds(missing_display="0.01 CNY", missing=1)
    zh, _ = render(problem, language="zh", request_id="r")
    en, headers = render(problem, language="en", request_id="r")

    assert json.loads(en) == {
        "type": "urn:u-wallet:problem:insufficient-funds",
        "title": "Insufficient funds",
        "status": 422,
        "detail": "The available balance is short by 0.01 CNY.",
        "code": "INSUFFICIENT_FUNDS",
        "request_id": "r",
    }
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(zh)["code"] == "INSUFFICIENT_FUNDS"
    assert json.loads(zh)["title"] == "余额不足"


def test_a_wait_is_in_the_body_and_in_the_header() -> None:
    body, headers = render(ServiceUnavailable(retry_after=7), language="en", request_id="r")

    assert json.loads(body)["retry_after"] == 7
    assert headers["Retry-After"] == "7"


def test_a_kept_refusal_is_given_again_as_it_was() -> None:
    first = InsufficientFunds(missing_display="1.00 CNY", missing=100)
    kept = json.loads(json.dumps(first.to_record()))
    again = Problem.from_record(kept)

    one, _ = render(first, language="zh", request_id="r")
    two, headers = render(again, language="zh", request_id="r")
    assert one == two
    assert headers["Idempotency-Replayed"] == "true"


def test_every_problem_has_both_texts_and_fills_no_place_it_does_not_name() -> None:
    assert len(Problem.kinds) > 20
    for kind in Problem.kinds.values():
        assert kind.title.zh
        assert kind.title.en
        assert kind.detail.zh
        assert kind.detail.en
        assert kind.code == kind.code.upper()
