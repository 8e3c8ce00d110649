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
# Thirteen to nineteen digits, with or without something between them.
_LONG_NUMBER = re.compile(rf"(?<!{_DIGIT}){_DIGIT}(?:{_GAP}{_DIGIT}){{12,18}}(?!{_DIGIT})")
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
    """Its last four digits stay: an agent may need to know which card. Other numbers stay whole."""
    digits = "".join(str(unicodedata.digit(one)) for one in found[0] if one.isdigit())
    return HIDDEN * 4 + digits[-4:] if _luhn(digits) else found[0]


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
