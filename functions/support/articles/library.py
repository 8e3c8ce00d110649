"""The help articles: Markdown files in the package, in both languages under one name.

Each begins with its title and with words in which people ask for it. What depends on a setting (how
long a lock lasts, what a limit is) stands as `{place}` and is filled from it, so no article can say
another number than what holds.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from shared.settings import Settings, settings

LANGUAGES = ("zh", "en")
_TEXTS = Path(__file__).parent / "texts"
_MINUTE, _HOUR = 60, 3_600


class Article(NamedTuple):
    """One article in one language. `asked`: how people say it; `text`: Markdown."""

    article_id: str
    language: str
    title: str
    asked: str
    text: str


@cache
def library() -> Mapping[str, Mapping[str, Article]]:
    """All articles: by id, then by language."""
    names = sorted(path.stem for path in (_TEXTS / LANGUAGES[0]).glob("*.md"))
    return {name: {one: _article(name, one) for one in LANGUAGES} for name in names}


def find(article_id: str, language: str) -> Article | None:
    article = library().get(article_id)
    return None if article is None else article[language]


def _article(name: str, language: str) -> Article:
    _, head, text = (_TEXTS / language / f"{name}.md").read_text("utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    filled = text.strip().format_map(_places(settings(), language))
    return Article(name, language, fields["title"], fields["asked"], filled)


def _places(now: Settings, language: str) -> dict[str, str]:
    """What stands at each `{place}`, in words of `language`."""
    seconds = {
        "pay_password_lock": now.pay_password_lock_seconds,
        "sign_in_lock": now.sign_in_lock_seconds,
        "code_valid": now.code_valid_seconds,
        "code_resend": now.code_resend_seconds,
        "cool_down": now.cool_down_seconds,
        "checkout_valid": now.checkout_seconds,
        "new_device": now.new_device_seconds,
    }
    amounts = {
        "transfer_limit": now.transfer_limit_minor,
        "transfer_day_limit": now.transfer_day_limit_minor,
        "payment_limit": now.payment_limit_minor,
        "payment_day_limit": now.payment_day_limit_minor,
        "top_up_limit": now.top_up_limit_minor,
        "top_up_day_limit": now.top_up_day_limit_minor,
        "withdrawal_limit": now.withdrawal_limit_minor,
        "withdrawal_day_limit": now.withdrawal_day_limit_minor,
        "withdrawal_free": now.withdrawal_free_per_month_minor,
        "withdrawal_fee_minimum": now.withdrawal_fee_minimum_minor,
        "unguarded_day_limit": now.unguarded_day_limit_minor,
        "new_device_day_limit": now.new_device_day_limit_minor,
    }
    return {
        **{name: _duration(value, language) for name, value in seconds.items()},
        **{name: _amount(value, language) for name, value in amounts.items()},
        "pay_password_tries": str(now.pay_password_tries),
        "sign_in_tries": str(now.sign_in_tries),
        "code_tries": str(now.code_tries),
        "codes_per_day": str(now.codes_per_phone_per_day),
        "cards": str(now.cards_per_user),
        "countries": now.codes_countries.replace(",", ", " if language == "en" else "、"),
        "withdrawal_fee": f"{now.withdrawal_fee_basis_points / 100:.2f}%",
    }


def _duration(seconds: int, language: str) -> str:
    for size, zh, en in ((_HOUR, "小时", "hour"), (_MINUTE, "分钟", "minute"), (1, "秒", "second")):
        if seconds >= size and seconds % size == 0:
            number = seconds // size
            plural = "" if number == 1 else "s"
            return f"{number} {en}{plural}" if language == "en" else f"{number} {zh}"
    raise ValueError(seconds)


def _amount(minor: int, language: str) -> str:
    number = f"{minor // 100:,}" if minor % 100 == 0 else f"{minor // 100:,}.{minor % 100:02d}"
    return f"{number} yuan" if language == "en" else f"{number} 元"
