"""Making a statement file in the background.

What is in it follows from its record alone, so whoever makes it a second time, because the first
died on the way, makes the same bytes.
"""

import hashlib
from collections.abc import Iterable
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.statements.merchant_day import day_sheet
from functions.statements.records import (
    FAILED,
    READY,
    WAITING,
    StatementFile,
    StatementSum,
    place_in_bucket,
    statement_file_key,
    statement_sum_key,
)
from functions.statements.sheet import Sheet
from shared import clock
from shared.aws import client
from shared.errors import ServiceUnavailable
from shared.ledger.records import Entry
from shared.ledger.statement import chunks
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, change, put, read, update, write

_CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


class Form(Protocol):
    """How a statement is written down: as a sheet, or on paper."""

    def begin(self, *, file_id: str, user_id: str, from_ms: int, to_ms: int) -> None: ...

    def add(self, entries: Iterable[Entry]) -> None:
        """More entries, oldest first."""

    def finish(self) -> bytes: ...


def make(owner_id: str, file_id: str) -> None:
    """Makes the file unless that is done. Raises ServiceUnavailable."""
    key = statement_file_key(owner_id, file_id)
    file = read([key]).one(StatementFile, key)
    if file is None or file.status != WAITING:
        return
    content = day_sheet(file) if file.merchant_id else _content(file)
    _store(file, content)
    _finish(file, content)


def give_up(owner_id: str, file_id: str) -> None:
    """After the last try: its owner is told, and may ask for it again."""
    file = StatementFile(*statement_file_key(owner_id, file_id)[1:])
    if change(file, [StatementFile.status.set(FAILED)], StatementFile.status == WAITING):
        logger.error("statement_file_failed", extra={"owner_id": owner_id})
        count("StatementFilesFailed")


def _content(file: StatementFile) -> bytes:
    form = _form(file)
    from_ms, to_ms = file.from_ms, file.to_ms
    form.begin(file_id=file.file_id, user_id=file.user_id, from_ms=from_ms, to_ms=to_ms)
    written = 0
    for chunk in chunks(file.user_id, from_ms=from_ms, to_ms=to_ms):
        form.add(chunk)
        written += len(chunk)
        progress = [StatementFile.written.set(written)]
        change(_at(file), progress, StatementFile.status == WAITING)
    return form.finish()


def _form(file: StatementFile) -> Form:
    if file.format == "csv":
        return Sheet(file.language)
    from functions.statements.paper import Paper  # Its library lies in the layer of this function.

    return Paper(file.language)


def _store(file: StatementFile, content: bytes) -> None:
    try:
        client("s3").put_object(
            Bucket=settings().statement_bucket,
            Key=place_in_bucket(file),
            Body=content,
            ContentType=_CONTENT_TYPES[file.format],
        )
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error


def _finish(file: StatementFile, content: bytes) -> None:
    sha256, made_at = hashlib.sha256(content).hexdigest(), clock.now_text()
    finishing = update(
        _at(file),
        [
            StatementFile.status.set(READY),
            StatementFile.sha256.set(sha256),
            StatementFile.size.set(len(content)),
            StatementFile.made_at.set(made_at),
            StatementFile.ends_at.set(clock.seconds() + settings().statement_file_seconds),
        ],
        StatementFile.status == WAITING,
    )
    known = StatementSum(
        *statement_sum_key(sha256)[1:],
        file_id=file.file_id,
        user_id=file.user_id,
        merchant_id=file.merchant_id,
        format=file.format,
        from_ms=file.from_ms,
        to_ms=file.to_ms,
        made_at=made_at,
        ttl=clock.seconds() + settings().statement_sums_kept_seconds,
    )
    # The same file may have been made before, and forgotten by the bucket since.
    anyhow = StatementSum.pk.exists() | StatementSum.pk.does_not_exist()
    try:
        write(finishing, put(known, anyhow))
    except Cancelled:
        logger.info("statement_file_made_already", extra={"owner_id": file.owner_id})
        return
    logger.info("statement_file_made", extra={"owner_id": file.owner_id, "bytes": len(content)})
    count("StatementFilesMade", format=file.format)


def _at(file: StatementFile) -> StatementFile:
    return StatementFile(file.pk, file.sk)
