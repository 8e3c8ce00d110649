"""POST /v1/password-strength: an estimate with advice in both languages, and no trace of it."""

import ast
import io
import re
from pathlib import Path

import pytest
import zxcvbn.feedback

from functions.identity.strength_texts import ADVICE
from shared.settings import settings
from tests.edge import Answer, call
from tests.functions.identity.asking import PHONE, stored
from tests.people import PASSWORD

NOT_SAID_ON = {
    "No need for symbols, digits, or uppercase letters.",
    "Use a longer keyboard pattern with more turns.",
}


def ask(password: object, *, language: str = "en", **more: object) -> Answer:
    body = {"password": password, **more}
    headers = {"Accept-Language": language}
    return call("POST", "/v1/password-strength", body, headers=headers)


def test_a_strong_phrase_gets_the_best_score_and_no_advice() -> None:
    answer = ask(PASSWORD)

    assert answer.status == 200
    assert answer.json == {"score": 4, "accepted": True, "advice": []}


@pytest.mark.parametrize("password", ["password123", "P@ssw0rd", "qwertyuiop", "20260301"])
def test_what_is_refused_gets_a_low_score_and_the_reason_first(password: str) -> None:
    answer = ask(password).json

    assert answer["score"] <= 1
    assert not answer["accepted"]
    assert re.match("it is one of the most common|it only repeats", answer["advice"][0])


def test_the_phone_in_it_is_refused_when_it_is_told() -> None:
    assert not ask("13800000001a", phone=PHONE).json["accepted"]


def test_a_short_one_is_answered_with_advice() -> None:
    answer = ask("k9#").json

    assert not answer["accepted"]
    assert answer["advice"][0] == "Use at least 8 characters."


def test_mixed_case_digits_and_signs_are_advised_not_required() -> None:
    answer = ask("tungstenlamp").json

    assert answer["accepted"]
    assert answer["score"] < 4
    assert any("capital" in text for text in answer["advice"])
    assert any("Digits" in text for text in answer["advice"])
    assert any("Signs" in text for text in answer["advice"])


def test_advice_follows_the_language() -> None:
    chinese = ask("password123", language="zh-CN").json["advice"]
    english = ask("password123").json["advice"]

    assert len(chinese) == len(english) > 0
    assert all(re.search("[一-鿿]", text) for text in chinese)
    assert all(text.isascii() for text in english)


def test_all_that_the_library_can_say_is_translated() -> None:
    source = ast.parse(Path(zxcvbn.feedback.__file__).read_text("utf-8"))
    said = {
        ast.literal_eval(node.args[0])
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    }

    assert len(said) > 20
    assert said - set(ADVICE) == NOT_SAID_ON


@pytest.mark.parametrize("password", ["4@8({[<369&#!|1/i|0$5+7%2" * 5, "x" * 128, "🍜" * 128])
def test_a_hard_case_is_answered_too(password: str) -> None:
    assert ask(password[:128]).status == 200


@pytest.mark.parametrize("password", ["", "x" * 129, 12345678, None])
def test_what_is_no_password_is_refused(password: object) -> None:
    assert ask(password).status == 400


def test_an_address_can_ask_so_often_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRENGTH_LOOKS_PER_HOUR", "3")
    settings.cache_clear()
    statuses = [ask(PASSWORD).status for _ in range(4)]
    monkeypatch.undo()
    settings.cache_clear()

    assert statuses == [200, 200, 200, 429]


def test_the_password_is_neither_stored_nor_logged(
    log_text: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("a quite secret phrase")

    assert "secret phrase" not in log_text.getvalue() + str(capsys.readouterr()) + str(stored())
