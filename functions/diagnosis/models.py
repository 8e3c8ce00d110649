"""What the app gets about what failed."""

from typing import Literal

import msgspec

from shared.diagnosis import Diagnosis

Kind = Literal["payment", "transfer", "top_up", "withdrawal"]


class FailedAttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was refused. id: what the payment, the transfer, ... would have been called.

    amount: minor units, null where it was not known.
    """

    attempt_id: str
    kind: Kind
    id: str
    amount: int | None
    currency: Literal["CNY"]
    created_at: str
    diagnosis: Diagnosis


class FailedAttemptsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[FailedAttemptView]
    next_cursor: str | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request, and whether it would pass if it were made anew now.

    in_the_way: what still stands in its way, in the order in which it would be refused. step_up:
    it would ask for one more step of verification. Whether the pay password would be right, nobody
    is asked.
    """

    kind: Kind
    id: str
    amount: int | None
    currency: Literal["CNY"]
    created_at: str
    diagnosis: Diagnosis
    would_pass_now: bool
    step_up: bool
    in_the_way: list[Diagnosis]
