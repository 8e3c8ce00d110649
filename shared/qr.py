"""What our QR codes say; `docs/payments.md` specifies it for whoever reads or makes one.

| a code of  | is                                                                     |
|------------|------------------------------------------------------------------------|
| an order   | `<QR_URL>/1/o/<order id>`                                              |
| a merchant | `<QR_URL>/1/m/<merchant id>`                                           |
| a person   | `<QR_URL>/1/p/<user id>`, and with terms                               |
|            | `?[a=<minor units>&c=<currency>&]e=<seconds>[&n=<note>]&s=<signature>` |

Terms are signed by us, so what somebody is asked for is what was asked for. The rest holds nothing
that is worth a forgery: who changes an id has a code of somebody else.
"""

import hmac
import re
from enum import StrEnum
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Meta

from shared import clock
from shared.errors import Problem, Texts
from shared.money import Money
from shared.secrets import keyed_hash
from shared.settings import settings

QrText = Annotated[str, Meta(min_length=1, max_length=1_000, description="What a QR code says")]
_FORM = re.compile(r"1/(?P<owner>[omp])/(?P<owner_id>[A-Za-z0-9_-]{1,64})(?:\?(?P<terms>[!-~]*))?")
_SIGNATURE = "&s="
_SIGNATURE_DIGITS = 32  # 128 bits, which nobody finds while the terms are good


class QrUnknown(Problem):
    status = 422
    code = "QR_UNKNOWN"
    title = Texts("无法识别的二维码", "Unknown QR code")
    detail = Texts(
        "这不是本钱包的二维码，或没有扫描完整。",
        "This is no QR code of this wallet, or it was not read whole.",
    )


class QrForged(Problem):
    status = 422
    code = "QR_FORGED"
    title = Texts("二维码被改动", "Forged QR code")
    detail = Texts(
        "二维码的内容被改动过，请勿付款，并向收款方索取新的二维码。",
        "What this code says was changed. Do not pay it; ask the payee for a new one.",
    )


class QrExpired(Problem):
    status = 422
    code = "QR_EXPIRED"
    title = Texts("二维码已过期", "QR code expired")
    detail = Texts(
        "二维码已过期，请向收款方索取新的二维码。",
        "The time of this code is over. Ask the payee for a new one.",
    )


class Owner(StrEnum):
    """Whose code it is."""

    ORDER = "o"
    MERCHANT = "m"
    PERSON = "p"


class Terms(NamedTuple):
    """What a person asks for by a code, until `expires_at` (seconds). money: None: any amount.

    A code without terms is good for ever.
    """

    expires_at: int | None = None
    money: Money | None = None
    note: str | None = None

    @property
    def expires_at_text(self) -> str | None:
        return None if self.expires_at is None else clock.text_of(self.expires_at * 1000)


class Code(NamedTuple):
    owner: Owner
    owner_id: str
    terms: Terms = Terms()

    @property
    def text(self) -> str:
        """What the QR code says."""
        says = f"1/{self.owner}/{self.owner_id}"
        if any(self.terms):
            says = f"{says}?{_written(self.terms)}"
            says = f"{says}{_SIGNATURE}{_signature(says)}"
        return f"{settings().qr_url}/{says}"

    def check_current(self) -> None:
        """Raises QrExpired."""
        expires_at = self.terms.expires_at
        if expires_at is not None and expires_at <= clock.seconds():
            raise QrExpired


def understood(text: str) -> Code:
    """The code that says `text`, also one whose time is over. Raises QrUnknown, QrForged."""
    base = f"{settings().qr_url}/"
    form = _FORM.fullmatch(text.removeprefix(base)) if text.startswith(base) else None
    if form is None:
        raise QrUnknown
    code = Code(Owner(form["owner"]), form["owner_id"])
    if form["terms"] is None:
        return code
    terms, _, signature = form["terms"].rpartition(_SIGNATURE)
    signed = f"1/{code.owner}/{code.owner_id}?{terms}"
    if not hmac.compare_digest(signature, _signature(signed)):
        raise QrForged
    return code._replace(terms=_read(terms))


def _signature(says: str) -> str:
    return keyed_hash("qr", says)[:_SIGNATURE_DIGITS]


def _written(terms: Terms) -> str:
    pairs = {"e": str(terms.expires_at)}
    if terms.money:
        pairs = {"a": str(terms.money.amount), "c": terms.money.currency} | pairs
    if terms.note:
        pairs["n"] = terms.note
    return urlencode(pairs, quote_via=quote)


def _read(written: str) -> Terms:
    """Terms that we have signed, and so written."""
    pairs = dict(parse_qsl(written))
    money = Money(amount=int(pairs["a"]), currency=pairs["c"]) if "a" in pairs else None
    return Terms(int(pairs["e"]), money, pairs.get("n"))
