"""From text to a typed, frozen model, or to a refusal that names the field.

JSON as it must be: no duplicate names, no NaN, no control characters, no half of a surrogate pair.
"""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

import msgspec

from shared.errors import Problem, Texts
from shared.web.problems import InvalidField, MalformedJson, UnknownField

T = TypeVar("T")

_NESTING_LIMIT = 8
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_REASON = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*?)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
NOT_ALLOWED = Texts("不是允许的值", "is not one of the allowed values")
_RULES = (
    (
        re.compile(r"Expected `(.*)`, got `(.*)`$"),
        Texts("应为{0}，收到{1}", "expected {0}, got {1}"),
    ),
    (re.compile(r"Expected `\w+` >= (.*)"), Texts("不得小于 {0}", "must be at least {0}")),
    (re.compile(r"Expected `\w+` <= (.*)"), Texts("不得大于 {0}", "must be at most {0}")),
    (
        re.compile(r"Expected `\w+` of length >= (.*)"),
        Texts("长度不得少于 {0}", "must have at least {0} characters"),
    ),
    (
        re.compile(r"Expected `\w+` of length <= (.*)"),
        Texts("长度不得超过 {0}", "must have at most {0} characters"),
    ),
    (re.compile(r"Expected `\w+` matching"), Texts("格式不正确", "has the wrong form")),
    (re.compile(r"Invalid (?:enum )?value"), NOT_ALLOWED),
)
_TYPES = {
    "str": Texts("文本", "a text"),
    "int": Texts("整数", "an integer"),
    "decimal": Texts("带小数或指数的数", "a number with a fraction or exponent"),
    "bool": Texts("布尔值", "a boolean"),
    "object": Texts("对象", "an object"),
    "array": Texts("数组", "an array"),
    "null": Texts("空值", "null"),
}
_OR = Texts("或", " or ")
_OTHERWISE = Texts("不符合要求", "does not have the required form")
REQUIRED = Texts("必填", "is required")


def parse_json(text: str) -> Any:
    """The value in `text`. Raises MalformedJson, InvalidField."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=Decimal,
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise MalformedJson(reason_zh="语法错误", reason_en="syntax error") from error
    _check_texts(value, path="", depth=0)
    return value


def convert(value: Any, model: type[T], *, from_text: bool = False) -> T:
    """`value` as `model`. With `from_text`, numbers may be written as text (query parameters).

    Raises UnknownField, InvalidField; a model's own `__post_init__` may raise ValueError whose
    two arguments are the reason in Chinese and in English, and whose third may be a field.
    """
    try:
        return msgspec.convert(value, model, strict=not from_text)
    except msgspec.ValidationError as error:
        raise _problem_of(error) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson(reason_zh="字段重复", reason_en="a name occurs twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(reason_zh=f"不允许 {name}", reason_en=f"{name} is not JSON")


def _too_deep() -> MalformedJson:
    return MalformedJson(reason_zh="嵌套过深", reason_en="nested too deeply")


def _check_texts(value: Any, *, path: str, depth: int) -> None:
    if depth > _NESTING_LIMIT:
        raise _too_deep()
    if isinstance(value, str):
        if _UNPRINTABLE.search(value):
            raise InvalidField(
                field=path or "body",
                reason=Texts("含有不允许的控制字符", "contains a character that is not allowed"),
            )
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name, path=path, depth=depth + 1)
            _check_texts(item, path=f"{path}.{name}" if path else name, depth=depth + 1)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check_texts(item, path=f"{path}[{position}]", depth=depth + 1)


def _problem_of(error: msgspec.ValidationError) -> Problem:
    parts = _REASON.match(str(error))
    what, path = (parts["what"], parts["path"]) if parts else (str(error), None)
    field = (path or "$").removeprefix("$").removeprefix(".")
    if unknown := _UNKNOWN.match(what):
        name = _joined(field, unknown["name"])[:100]
        return UnknownField(field=name, name=name)
    if missing := _MISSING.match(what):
        return InvalidField(field=_joined(field, missing["name"]), reason=REQUIRED)
    if isinstance(error.__cause__, ValueError) and len(error.__cause__.args) >= 2:
        zh, en, *own = error.__cause__.args
        return InvalidField(field=_joined(field, *own) or "body", reason=Texts(zh, en))
    for rule, texts in _RULES:
        if found := rule.match(what):
            zh, en = (
                text.format(*(_in_words(part, language) for part in found.groups()))
                for language, text in enumerate(texts)
            )
            return InvalidField(field=field or "body", reason=Texts(zh, en))
    return InvalidField(field=field or "body", reason=_OTHERWISE)


def _in_words(part: str, language: int) -> str:
    """Types as people call them, of which msgspec names one or several; else the part itself."""
    names = (_TYPES[name][language] if name in _TYPES else name for name in part.split(" | "))
    return _OR[language].join(names)


def _joined(*names: str) -> str:
    return ".".join(name for name in names if name)
