"""What JSON is taken, and how a refusal names the field."""

import json
from typing import Annotated, Literal

import msgspec
import pytest

from shared.errors import Problem
from shared.web.body import convert, parse_json


class Inner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    word: Annotated[str, msgspec.Meta(min_length=2, max_length=4, pattern="^[a-z]+$")]


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[int, msgspec.Meta(ge=1, le=10)]
    inner: Inner | None = None
    colour: Literal["red", "green"] = "red"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1, "a": 2}',
        '{"x": {"a": 1, "a": 1}}',
        "[" * 100_000,
        "[" * 20 + "]" * 20,
        '{"a":' * 9 + "1" + "}" * 9,
        '{"a": 1} x',
    ],
)
def test_what_is_not_plain_json_is_malformed(text: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(text)
    assert (refused.value.status, refused.value.code) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ud800"])
def test_characters_that_nobody_types_are_refused_with_their_place(character: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(json.dumps({"a": [{"b": f"x{character}"}]}))
    assert (refused.value.code, refused.value.field) == ("INVALID_FIELD", "a[0].b")


@pytest.mark.parametrize("text", ["é", "数", "🍜", "👩‍👩‍👧", "a\nb\tc"])
def test_what_people_do_type_is_taken(text: str) -> None:
    assert parse_json(json.dumps({"a": text})) == {"a": text}


@pytest.mark.parametrize(
    ("value", "code", "field", "zh", "en"),
    [
        ({}, "INVALID_FIELD", "number", "必填", "is required"),
        ({"number": 0}, "INVALID_FIELD", "number", "小于 1", "at least 1"),
        ({"number": 11}, "INVALID_FIELD", "number", "大于 10", "at most 10"),
        ({"number": True}, "INVALID_FIELD", "number", "应为整数，收到布尔值", "an integer, got"),
        ({"number": 1.5}, "INVALID_FIELD", "number", "小数", "got a number with a fraction"),
        ({"number": None}, "INVALID_FIELD", "number", "收到空值", "got null"),
        ({"number": 1, "inner": 2}, "INVALID_FIELD", "inner", "对象或空值", "object or null"),
        ({"number": 1, "colour": "blue"}, "INVALID_FIELD", "colour", "允许", "not one of"),
        ({"number": 1, "colour": 1}, "INVALID_FIELD", "colour", "应为文本", "expected a text"),
        ({"number": 1, "inner": {}}, "INVALID_FIELD", "inner.word", "必填", "is required"),
        ({"number": 1, "inner": {"word": "a"}}, "INVALID_FIELD", "inner.word", "少于 2", "least 2"),
        ({"number": 1, "inner": {"word": "abcde"}}, "INVALID_FIELD", "inner.word", "过", "most"),
        ({"number": 1, "inner": {"word": "AB"}}, "INVALID_FIELD", "inner.word", "格式", "wrong"),
        ({"number": 1, "more": 2}, "UNKNOWN_FIELD", "more", "more", "more"),
        ({"number": 1, "inner": {"word": "ab", "w": 1}}, "UNKNOWN_FIELD", "inner.w", "w", "r.w"),
        ([], "INVALID_FIELD", "body", "对象", "expected an object, got an array"),
        ("text", "INVALID_FIELD", "body", "对象", "expected an object, got a text"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_and_reason_in_both_languages(
    value: object, code: str, field: str, zh: str, en: str
) -> None:
    with pytest.raises(Problem) as refused:
        convert(parse_json(json.dumps(value)), Model)
    problem = refused.value
    assert (problem.code, problem.field) == (code, field)
    assert zh in problem.detail.in_language("zh", problem.values)
    assert en in problem.detail.in_language("en", problem.values)


def test_a_number_is_never_taken_from_a_float_or_a_text() -> None:
    for text in ("1.0", "1e0", '"1"', "1.5"):
        with pytest.raises(Problem):
            convert(parse_json(f'{{"number": {text}}}'), Model)


def test_in_a_query_numbers_are_written_as_text() -> None:
    assert convert({"number": "7"}, Model, from_text=True).number == 7
    with pytest.raises(Problem):
        convert({"number": "seven"}, Model, from_text=True)
