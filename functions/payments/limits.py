"""How much a user may pay in a day, by the kind of code and by the factors that were used.

The rows are data in `limits.json`, or in the file that the setting `payment_limits` names. Each row
that fits a payment counts it, as a part of the limit of all payments, in the ledger's own write.
What no row fits may be paid as agreed: up to the limit of all payments.
"""

from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from functions.identity.origin import Seen
from functions.wallet.limits import is_new, on_device, payment_day_limit
from shared.errors import Texts
from shared.ledger import Limit, Part
from shared.settings import settings

Kind = Literal["order", "static", "code"]


class Factors(StrEnum):
    """What a payer has proven for one payment, beyond being signed in."""

    NONE = "none"
    PASSWORD = "password"
    PASSWORD_AND_DEVICE = "password_and_device"


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One maximum of a day. counted_as: what payments that it fits are counted together as.

    zh, en: what it limits, as `LimitExceeded` says it.
    """

    counted_as: Literal["static", "weak", "code"]
    kinds: Annotated[list[Kind], msgspec.Meta(min_length=1)]
    factors: Annotated[list[Factors], msgspec.Meta(min_length=1)]
    day_maximum_minor: Annotated[int, msgspec.Meta(ge=0)]
    zh: str
    en: str


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: str
    limits: list[Row]

    def __post_init__(self) -> None:
        names = [row.counted_as for row in self.limits]
        if len(set(names)) != len(names):
            raise ValueError("two rows are counted as the same")


def with_password(seen: Seen) -> Factors:
    """The factors of who has given the pay password, from where the session is (`origin.seen`)."""
    return Factors.PASSWORD if is_new(seen) else Factors.PASSWORD_AND_DEVICE


def payment_limit(
    kind: Kind, factors: Factors, seen: Seen, *, more: tuple[Part, ...] = ()
) -> Limit:
    """What a user may pay in the present local day with this kind of code and these factors.

    more: parts in which the payment counts beside those of the rows.
    """
    limit = on_device(payment_day_limit(), seen)
    fitting = (row for row in rows().limits if kind in row.kinds and factors in row.factors)
    parts = tuple(
        Part(name=row.counted_as, maximum=row.day_maximum_minor, what=Texts(row.zh, row.en))
        for row in fitting
    )
    return replace(limit, parts=(*parts, *more))


@cache
def rows() -> Rows:
    """The rows of this process. Raises OSError, and msgspec.ValidationError for bad ones."""
    own = Path(__file__).with_name("limits.json")
    path = Path(settings().payment_limits) if settings().payment_limits else own
    return msgspec.json.decode(path.read_bytes(), type=Rows)
