"""The bank's file of a day: brought to S3 piece by piece, and read from there line by line.

What is signed can still be incomplete or of another day. A file counts only as a whole: its last
line must agree with all that comes before.
"""

import io
from collections.abc import Iterator
from typing import Any

from functions.reconciliation.bank_line import BankLine, read_line
from shared import clock
from shared.aws import client
from shared.bank import get_bank
from shared.bank.port import BankRefusal, BankUnavailable, OutcomeUnknown
from shared.settings import settings

_HEAD = "bank_id,reference,kind,amount,currency,time"
_PIECE_BYTES = 1_048_576
_PART_BYTES = 8_388_608  # of an upload in parts; S3 takes at most 10,000 of them


class FileNotThere(Exception):
    """The bank did not give the file, or not all of it. It is asked again later."""


class FileRefused(Exception):
    """The file can't be what the bank meant to send. `why` is a code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def fetch(day: str, *, number: int) -> str:
    """Streams the file of a day to S3, complete or not at all; gives its key there.

    number: counts the fetches of this day, so that each file stays that was compared. The same
    number again overwrites. Raises FileNotThere.
    """
    from boto3.s3.transfer import TransferConfig  # Only this job pays for this import.

    key = f"files/{day}/{number}.csv"
    pieces = io.BufferedReader(_Pieces(get_bank().settlement_file(day)), _PIECE_BYTES)
    in_turn = TransferConfig(multipart_chunksize=_PART_BYTES, use_threads=False)
    try:
        client("s3").upload_fileobj(pieces, settings().settlement_bucket, key, Config=in_turn)
    except (BankRefusal, BankUnavailable, OutcomeUnknown) as error:
        raise FileNotThere(type(error).__name__) from error
    return key


def lines_of(key: str, day: str) -> Iterator[BankLine]:
    """The lines of a file in S3. All are proven only when the last has come without an error.

    Raises FileRefused.
    """
    lines = _text_lines(key)
    if next(lines, None) != _HEAD:
        raise FileRefused("HEAD_NOT_KNOWN")
    first, end = (clock.text_of(1000 * one)[:19] for one in clock.bounds_of_day(day))
    count = total = 0
    last: str | None = None
    for text in lines:
        if last is not None:
            line = read_line(last)
            if line is None or not first <= line.time < end:
                raise FileRefused("LINE_NOT_UNDERSTOOD")
            count += 1
            total += abs(line.change)
            yield line
        last = text
    if last != f"total,{day},{count},{total}":
        raise FileRefused("NOT_WHOLE")


def _text_lines(key: str) -> Iterator[str]:
    stored = client("s3").get_object(Bucket=settings().settlement_bucket, Key=key)
    for line in stored["Body"].iter_lines(_PIECE_BYTES):
        yield line.decode("ascii", "replace")


class _Pieces(io.RawIOBase):
    """What an iterator gives, as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
