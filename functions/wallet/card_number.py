"""Card numbers as people type them. They pass through on their way to the bank and stay nowhere."""

import re

from shared.errors import Problem, Texts
from shared.identifiers import id_from_digest
from shared.secrets import keyed_digest

_NUMBER = re.compile(r"62[0-9]{14,17}")


class WrongCardNumber(Problem):
    status = 422
    code = "WRONG_CARD_NUMBER"
    title = Texts("银行卡号有误", "Wrong card number")
    detail = Texts(
        "银行卡号有误，请输入 62 开头的 16 至 19 位银联卡号。",
        "This is no UnionPay card number: 16 to 19 digits that begin with 62.",
    )


def checked(typed: str) -> str:
    """The digits of a number, with or without spaces. Raises WrongCardNumber."""
    number = typed.replace(" ", "")
    if not (_NUMBER.fullmatch(number) and _passes_luhn(number)):
        raise WrongCardNumber(field="number")
    return number


def card_id_of(user_id: str, number: str) -> str:
    """The id of a user's card, whenever they bind it. It says nothing of the number."""
    return id_from_digest("card", keyed_digest("card", f"{user_id}\x00{number}"))


def _passes_luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0
