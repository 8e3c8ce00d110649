"""How a platform tells the merchant, and by what it knows that the merchant has heard."""

from typing import NamedTuple, Protocol

from infra.sandbox.platforms.orders import Order


class Signed(NamedTuple):
    """What is sent, ready to go."""

    headers: dict[str, str]
    body: bytes


class Voice(Protocol):
    def notification(self, order: Order, *, at: int, wrongly: bool = False) -> Signed:
        """An order as it stands, told at a moment, signed rightly or wrongly."""

    def is_taken(self, status: int, body: bytes) -> bool: ...
