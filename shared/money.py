"""Money is an integer of minor units (分) and an ISO 4217 currency. Never a float."""

from typing import Annotated, Literal

import msgspec

Currency = Literal["CNY"]
AMOUNT_LIMIT_MINOR = 10**12
Amount = Annotated[
    int,
    msgspec.Meta(ge=1, le=AMOUNT_LIMIT_MINOR, description="Minor units (分), 1 to 10^12"),
]


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in minor units of a currency: 1250 CNY are 12.50 yuan."""

    amount: int
    currency: str = "CNY"


def display(amount: int, currency: str = "CNY") -> str:
    """`12.50 CNY`, for texts that people read."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d} {currency}"


def yuan(amount: int) -> str:
    """`¥1,234.50`, as people in the app read an amount of CNY."""
    sign = "-" if amount < 0 else ""
    return f"{sign}¥{abs(amount) // 100:,}.{abs(amount) % 100:02d}"
