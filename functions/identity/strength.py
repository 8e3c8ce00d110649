"""How hard a password is to guess, and what would make it harder: advice before it is chosen.

The estimate is zxcvbn's (Wheeler, USENIX Security 2016); whether the wallet takes a password is
decided by `passwords.check_strength` alone. Nothing here stores or logs what was asked about.
"""

import unicodedata

from functions.identity import passwords
from functions.identity.models import Strength, StrengthQuestion
from functions.identity.passwords import LEAST_CHARACTERS, SERVICE_NAMES, WeakPassword
from functions.identity.strength_texts import ADVICE, MIX_CASE, MORE, USE_DIGITS, USE_SIGNS
from shared import rate_limit
from shared.errors import Texts
from shared.phone import normalised
from shared.rate_limit import Window
from shared.settings import settings

_HOUR_SECONDS = 3_600
# zxcvbn takes seconds over long passwords made of nothing but digits and signs that stand for
# letters. What follows can only make a password harder to guess.
_LOOKED_AT_CHARACTERS = 20
_BEST = 4


def strength(question: StrengthQuestion, *, language: str, address: str) -> Strength:
    """Raises TooManyRequests, InvalidField."""
    phone = "" if question.phone is None else normalised(question.phone)
    per_address = Window(
        name="strength",
        subject=rate_limit.network_of(address),
        maximum=settings().strength_looks_per_hour,
        seconds=_HOUR_SECONDS,
    )
    rate_limit.take([per_address])
    score, advice = _estimate(question.password, phone)
    refusal = _refusal(question.password, phone)
    if refusal is not None:
        score, advice = min(score, 1), [refusal, *advice]
    elif score < _BEST:
        advice = [*advice, *_composition(question.password)]
    return Strength(
        score=score,  # type: ignore[arg-type]  # zxcvbn's is 0 to 4
        accepted=refusal is None,
        advice=[text.in_language(language, {}) for text in dict.fromkeys(advice)],
    )


def _estimate(password: str, phone: str) -> tuple[int, list[Texts]]:
    from zxcvbn import zxcvbn  # 100 ms that no other request pays.

    looked_at = unicodedata.normalize("NFC", password)[:_LOOKED_AT_CHARACTERS]
    own_words = [*SERVICE_NAMES, *(phone[start:] for start in range(len(phone) - 5))]
    found = zxcvbn(looked_at, user_inputs=own_words)
    said = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    return int(found["score"]), [ADVICE[text] for text in said if text in ADVICE]


def _refusal(password: str, phone: str) -> Texts | None:
    """Why the wallet would not take it."""
    if len(password) < LEAST_CHARACTERS:
        return MORE
    try:
        passwords.check_strength(password, phone=phone, field="password")
    except WeakPassword as weak:
        return Texts(str(weak.values["reason_zh"]), str(weak.values["reason_en"]))
    return None


def _composition(password: str) -> list[Texts]:
    missing = {
        MIX_CASE: password.lower() == password or password.upper() == password,
        USE_DIGITS: not any(letter.isdigit() for letter in password),
        USE_SIGNS: all(letter.isalnum() for letter in password),
    }
    return [text for text, applies in missing.items() if applies]
