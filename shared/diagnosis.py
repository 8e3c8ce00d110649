"""What went wrong with a movement of money, for the person whose money it is.

Whatever the wallet refuses, or a bank or a platform answers, becomes what a person needs: the cause
with the facts of the case, who can mend it, whether trying again is safe, and what to do next. The
texts stand in `causes`, all of them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared import clock
from shared.causes import BANK, REFUSALS, UNKNOWN, Cause, Mender, Wording
from shared.errors import Problem, Texts
from shared.money import yuan

Facts = Mapping[str, Any]

AMOUNTS = frozenset({"missing", "available", "limit", "left", "fee", "refunded"})
_TIMES = frozenset(
    {"until", "resets_at", "frozen_at", "paid_at", "ended_at", "expired_at", "arrives_at"}
)
_SHOWN = AMOUNTS | _TIMES | {
    "which", "tries_left", "bank", "last4", "bank_code", "platform_code", "provider", "merchant",
    "paid_by", "decision_id", "minimum",
}  # fmt: skip
_TOLD_IN_TEXTS_ONLY = frozenset({"what_zh", "what_en"})
_WORDS = {
    "paid_by": {"you": Texts("您", "you"), "another": Texts("他人", "somebody else")},
    "provider": {
        "bank": Texts("银行", "The bank"),
        "alipay": Texts("支付宝", "Alipay"),
        "wechat_pay": Texts("微信支付", "WeChat Pay"),
    },
}
_A_CARD = Texts("这张银行卡", "This card")
_THE_CARD = Texts("{bank}尾号 {last4} 的银行卡", "The card {bank} {last4}")
_CARD_BY_NUMBER = Texts("尾号 {last4} 的银行卡", "The card {last4}")
_ASK_SUPPORT = REFUSALS["RiskBlocked"].next_step


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why it failed, in the user's language. `code` is the same in all.

    who_can_mend: `nobody` where waiting is all there is to do. safe_to_retry: the same may be asked
    for anew, as it is: nothing is paid twice, and it may succeed. facts: what the texts say in
    figures: amounts in minor units, times in RFC 3339.
    """

    code: str
    cause: str
    who_can_mend: Mender
    safe_to_retry: bool
    next_step: str
    facts: dict[str, Any] = {}


def diagnose(code: str | None, *, language: str) -> Diagnosis:
    """What a code of a bank, or one of the wallet's own, means to the user; any code at all.

    language: `zh` or `en`.
    """
    return _diagnosis(code or "UNKNOWN", _of_bank(code), {}, language)


def cause_of(code: str | None) -> Texts:
    """The cause alone, in both languages, for a message."""
    cause = _of_bank(code).cause
    return cause if isinstance(cause, Texts) else cause[-1]


def explain(problem: Problem, *, language: str) -> Diagnosis:
    """What a refusal of the wallet means to the user. language: `zh` or `en`."""
    return of_refusal(type(problem).__name__, facts_of(problem), language=language)


def of_refusal(kind: str, facts: Facts, *, language: str) -> Diagnosis:
    """The same of a refusal that was kept: the name of its problem, and its facts."""
    problem = Problem.kinds.get(kind, Problem)
    return _diagnosis(problem.code, _of_problem(kind, problem, facts), facts, language)


def of_state(name: str, code: str, facts: Facts, *, language: str) -> Diagnosis:
    """What is to be said of something that nobody refused. name: of a cause, `Done`."""
    return _diagnosis(code, REFUSALS[name], facts, language)


def facts_of(problem: Problem) -> dict[str, Any]:
    """What a refusal knows of its case, in no language; never a secret, for it may be kept."""
    known = {**problem.values, **(problem.diagnosis or {})}
    if problem.retry_after and "until" not in known:
        known["until"] = clock.text_of((clock.seconds() + problem.retry_after) * 1000)
    kept = _SHOWN | _TOLD_IN_TEXTS_ONLY
    return {name: value for name, value in known.items() if name in kept and value != ""}


def _of_bank(code: str | None) -> Cause:
    return BANK.get(code or "", UNKNOWN)


def _of_problem(kind: str, problem: type[Problem], facts: Facts) -> Cause:
    if kind == "LimitExceeded" and "resets_at" in facts:
        return REFUSALS["LimitExceeded until"]
    if kind == "CardDeclined" and facts.get("bank_code") in BANK:
        return BANK[facts["bank_code"]]
    names = [one.__name__ for one in problem.__mro__ if issubclass(one, Problem)]
    for name in names if problem is Problem else names[:-1]:
        if name in REFUSALS:
            return REFUSALS[name]
    # Of a refusal that has no texts of its own, its title is said.
    return Cause(problem.title, "support", False, _ASK_SUPPORT)


def _diagnosis(code: str, cause: Cause, facts: Facts, language: str) -> Diagnosis:
    words = _in_words(facts, language)
    return Diagnosis(
        code=code,
        cause=_said(cause.cause, words, language),
        who_can_mend=cause.who_can_mend,
        safe_to_retry=cause.safe_to_retry,
        next_step=_said(cause.next_step, words, language),
        facts={name: value for name, value in facts.items() if name in _SHOWN},
    )


def _said(wording: Wording, words: dict[str, str], language: str) -> str:
    texts = [wording] if isinstance(wording, Texts) else wording
    for text in texts[:-1]:
        try:
            return text.in_language(language, words)
        except KeyError:
            continue
    return texts[-1].in_language(language, _Blank(words))


class _Blank(dict[str, str]):
    """Words of which none is ever missing: what is not known is left out."""

    def __missing__(self, name: str) -> str:
        return "…"


def _in_words(facts: Facts, language: str) -> dict[str, str]:
    words = {name: _word(name, value, language) for name, value in facts.items()}
    words["what"] = str(facts.get(f"what_{language}", ""))
    card = _THE_CARD if "bank" in facts else _CARD_BY_NUMBER if "last4" in facts else _A_CARD
    words["card"] = card.in_language(language, dict(words))
    return words


def _word(name: str, value: Any, language: str) -> str:
    if name in AMOUNTS:
        return yuan(int(value))
    if name in _TIMES:
        return _moment(str(value), language)
    if word := _WORDS.get(name, {}).get(value):
        return word.in_language(language, {})
    return str(value)


def _moment(text: str, language: str) -> str:
    """A time as people say it, on their own clock: `11月30日 00:00`, `30 Nov 00:00`."""
    moment = clock.local_moment(clock.seconds_of(text))
    of_another_year = moment.year != clock.local_moment(clock.seconds()).year
    if language == "en":
        return f"{moment:%-d %b %Y %H:%M}" if of_another_year else f"{moment:%-d %b %H:%M}"
    year = f"{moment.year}年" if of_another_year else ""
    return f"{year}{moment.month}月{moment.day}日 {moment:%H:%M}"
