"""Passwords for signing in: which are strong enough, and how they are kept.

Kept as Argon2id (RFC 9106) with OWASP's least parameters. A password is brought to Unicode form NFC
first (RFC 8265 §4.2), as two keyboards may write the same letter in two ways, and is never cut.
There is no rule of composition (NIST SP 800-63B-4 §3.1.1.2); refused is only what is easy to guess.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import Problem, Texts

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1

LEAST_CHARACTERS = 8
_LEAST_PHONE_DIGITS = 6
_LEAST_PATTERN = 6
SERVICE_NAMES = ("uwallet", "u钱包")
_LADDERS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!@#$%^&*()_+",
)
_REPEATED = re.compile(r"(.{1,4}?)\1+.{0,3}", re.DOTALL)
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_BETWEEN_LETTERS = re.compile(r"[\W_]")
_AROUND_WORD = re.compile(r"^[\W\d_]*|[\W\d_]*$")
_ADDED_CHARACTERS = 6
_LETTER_LOOKS = str.maketrans("@4310!$57", "aaeloisst")

_REASONS = {
    "COMMON": Texts("这个密码太常见", "it is one of the most common passwords"),
    "PATTERN": Texts("只是重复、连续的字符或日期", "it only repeats, counts up or is a date"),
    "PHONE": Texts(
        "除去手机号后不足 8 个字符", "without your phone number it has fewer than 8 characters"
    ),
    "SERVICE_NAME": Texts(
        "除去服务名称后不足 8 个字符",
        "without the name of this service it has fewer than 8 characters",
    ),
}


class WeakPassword(Problem):
    status = 422
    code = "WEAK_PASSWORD"
    title = Texts("密码太弱", "Weak password")
    detail = Texts(
        "密码容易被猜中：{reason_zh}。请换一个，例如几个不相关的词。",
        "This password is easy to guess: {reason_en}. Take another, such as some unrelated words.",
    )

    def __init__(self, *, reason: str, field: str) -> None:
        texts = _REASONS[reason]
        super().__init__(
            field=field,
            diagnosis={"reason": reason},
            reason_zh=texts.zh,
            reason_en=texts.en,
        )


def check_strength(password: str, *, phone: str, field: str) -> None:
    """Raises WeakPassword for one that is easy to guess; phone: E.164, of its owner."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    joined = _BETWEEN_LETTERS.sub("", folded)
    weaknesses = {
        "PHONE": _too_short(joined, without=_phone_part(joined, phone)),
        "SERVICE_NAME": any(_too_short(joined, without=name) for name in SERVICE_NAMES),
        "PATTERN": _is_pattern(folded) or _is_pattern(joined),
        "COMMON": _is_common(folded),
    }
    for reason, applies in weaknesses.items():
        if applies:
            raise WeakPassword(reason=reason, field=field)


def hash_of(password: str) -> str:
    """What is stored of a password."""
    return _hasher().hash(_normalised(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password of a hash. It costs the same when there is no hash."""
    from argon2.exceptions import VerifyMismatchError

    try:
        same = _hasher().verify(stored or hash_of_nobody(), _normalised(password))
        return same and stored is not None
    except VerifyMismatchError:
        return False


def hash_of_nobody() -> str:
    """Any salt and any hash do, as long as looking at them costs the same."""
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than those of now."""
    return _hasher().check_needs_rehash(stored)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # 18 ms that only requests with a password pay.

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def _normalised(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _phone_part(joined: str, phone: str) -> str:
    """The longest end of the phone number that is in the password, if it is long enough."""
    digits = phone.removeprefix("+")
    ends = (digits[start:] for start in range(len(digits) - _LEAST_PHONE_DIGITS + 1))
    return next((end for end in ends if end in joined), "")


def _too_short(joined: str, *, without: str) -> bool:
    if not without or without not in joined:
        return False
    return len(joined.replace(without, "")) < LEAST_CHARACTERS


def _is_pattern(text: str) -> bool:
    if len(text) < _LEAST_PATTERN:
        return False
    on_ladder = any(text in ladder or text[::-1] in ladder for ladder in _LADDERS)
    return bool(on_ladder or _REPEATED.fullmatch(text) or _DATE.fullmatch(text))


def _is_common(folded: str) -> bool:
    """Whether it is a common password, or one with digits or signs put around or into it."""
    word = _AROUND_WORD.sub("", folded)
    bases = [folded]
    if len(folded) - len(word) <= _ADDED_CHARACTERS:
        bases.append(word)
    return any(
        base in _common() or base.translate(_LETTER_LOOKS) in _common() for base in bases if base
    )


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
