"""What the app sends and gets about statement files, and what support does."""

from typing import Annotated, Literal

import msgspec

from functions.wallet.models import MomentText, milliseconds_in

Format = Literal["csv", "pdf"]


class StatementFileRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All entries from `from` on and before `to`, which is now at the latest and by default."""

    from_: MomentText = msgspec.field(name="from")
    to: MomentText | None = None
    format: Format = "csv"

    def __post_init__(self) -> None:
        milliseconds_in("from", self.from_)
        milliseconds_in("to", self.to)

    @property
    def from_ms(self) -> int:
        return milliseconds_in("from", self.from_) or 0

    @property
    def to_ms(self) -> int | None:
        return milliseconds_in("to", self.to)


class StatementFileView(msgspec.Struct, frozen=True, kw_only=True):
    """`progress` is in percent. `sha256`, `size` (bytes) and `url` are there once it is `ready`;
    the link is good until `url_ends_at`, and there is a new one with each GET. A file that is
    `expired` can be asked for anew.
    """

    statement_file_id: str
    status: Literal["waiting", "ready", "failed", "expired"]
    progress: int
    format: Format
    from_: str = msgspec.field(name="from")
    to: str
    lines: int
    sha256: str | None
    size: int | None
    url: str | None
    url_ends_at: str | None


class MerchantFileRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """day: `2026-11-22`, by the local clock; over for an hour."""

    day: Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$(?!\n)")]


class MerchantFileView(msgspec.Struct, frozen=True, kw_only=True):
    """`sha256`, `size` (bytes) and `url` are there once it is `ready`; the link is good until
    `url_ends_at`, and there is a new one with each GET.
    """

    statement_file_id: str
    day: str
    status: Literal["waiting", "ready", "failed", "expired"]
    sha256: str | None
    size: int | None
    url: str | None
    url_ends_at: str | None


class VerificationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sha256`: the sum of the file as it was shown, 64 hexadecimal digits."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class VerificationView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the wallet has made exactly this file; if so, for whom, and of which time."""

    genuine: bool
    statement_file_id: str | None = None
    user_id: str | None = None
    merchant_id: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    made_at: str | None = None
