"""What people type into messages and nobody may keep: card numbers, codes, passwords, our tokens.

It is masked before anything is stored. What is masked too much costs a question more; what is
masked too little stays for ever.
"""

import re
import unicodedata
from typing import NamedTuple

HIDDEN = "•"
_DIGIT = r"[0-9０-９]"
_GAP = r"[\s\-‐‑‒–—−_.·•,，/\u200b\u2060\ufeff]{0,3}"
# Thirteen digits and more, with or without something between them.
_LONG_NUMBER = re.compile(rf"{_DIGIT}(?:{_GAP}{_DIGIT}){{12,}}")
_CARD_LENGTHS = range(19, 12, -1)
# How cards of the great networks begin. Of thirteen digits there are only old ones of the first.
_ISSUERS = re.compile(r"4|5[0-9]|6[0-9]|3[4-8]|2[2-7]|9[0-9]|81")
_SHORT_ISSUERS = re.compile(r"4")
_CODE_WORD = (
    r"(?:验证码|校验码|动态码|动态密码|短信码|安全码|支付码|驗證碼|口令|恢复码"
    r"|\b(?:code|pin|otp|passcode|cvv2?|cvc2?)\b)"
)
_CODE = rf"{_DIGIT}(?:[\s\-]?{_DIGIT}){{2,7}}"
_BETWEEN = r"[^0-9０-９\n]{0,24}?"
_CODE_AFTER_WORD = re.compile(
    rf"({_CODE_WORD}{_BETWEEN})(?<!{_DIGIT})({_CODE})(?!{_DIGIT})", re.IGNORECASE
)
_CODE_BEFORE_WORD = re.compile(
    rf"(?<!{_DIGIT})({_CODE})(?!{_DIGIT})(?={_BETWEEN}{_CODE_WORD})", re.IGNORECASE
)
_PASSWORD_WORD = (
    r"(?:支付密码|登录密码|登陆密码|交易密码|密码|密碼|口令"
    r"|(?:pay(?:ment)?\s+|login\s+)?(?:password|passwd|passphrase|pwd|passcode|pass\s?word))"
)
_IS = (
    r"\s*(?:(?:现在|目前|就|应该|可能|currently|now)\s*)?"
    r"(?:是|为|為|叫|設為|设为|改成|改为|[:：=]|is\b|was\b|to\b|->|→)+"
    r"[\s\"'“”‘’「」『』:：=]*"
)
_PASSWORD_SAID = re.compile(
    rf"({_PASSWORD_WORD}{_IS})([^\n，。；;！!？?、\"'“”‘’「」『』]{{1,128}})", re.IGNORECASE
)
_PASSWORD_PLAIN = re.compile(
    rf"({_PASSWORD_WORD}[ \t]*)(?=[!-~]{{4,128}})(?=[!-~]*[0-9!-/:-@\[-`{{-~])([!-~]{{4,128}})",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\b(?:uwa|uwr|uaa|uar)_[A-Za-z0-9_-]{16,}|\bBearer\s+[A-Za-z0-9_.~+/=-]{16,}", re.IGNORECASE
)


class Masked(NamedTuple):
    text: str
    changed: bool


def mask(text: str) -> Masked:
    """`text` without what must not be kept."""
    masked = _TOKEN.sub(HIDDEN * 6, text)
    masked = _LONG_NUMBER.sub(_without_card, masked)
    masked = _PASSWORD_SAID.sub(_without_password, masked)
    masked = _PASSWORD_PLAIN.sub(_without_password, masked)
    masked = _CODE_AFTER_WORD.sub(lambda found: found[1] + HIDDEN * 6, masked)
    masked = _CODE_BEFORE_WORD.sub(HIDDEN * 6, masked)
    return Masked(masked, masked != text)


def _without_password(found: re.Match[str]) -> str:
    return found[1] + HIDDEN * 6


def _without_card(found: re.Match[str]) -> str:
    """The last four digits of a card stay: an agent may need to know which. Other numbers stay
    whole. What follows a card, its date or code, must not hide it, so all that begins where a group
    of digits does is looked at.
    """
    text, places = found[0], [at for at, one in enumerate(found[0]) if one.isdigit()]
    digits = "".join(str(unicodedata.digit(text[at])) for at in places)
    kept, at, number = "", 0, 0
    while number < len(places):
        length = _card_at(text, places, digits, number)
        if not length:
            number += 1
            continue
        kept += text[at : places[number]] + HIDDEN * 4 + digits[number + length - 4 :][:4]
        number += length
        at = places[number - 1] + 1
    return kept + text[at:]


def _card_at(text: str, places: list[int], digits: str, number: int) -> int:
    """How many digits a card has that begins with this one; 0 where none does."""
    if number and places[number] == places[number - 1] + 1:
        return 0
    for length in _CARD_LENGTHS:
        one = digits[number : number + length]
        issuers = _SHORT_ISSUERS if length == 13 else _ISSUERS
        if len(one) == length and issuers.match(one) and _luhn(one):
            return length
    return 0


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
