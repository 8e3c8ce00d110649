"""Asking for a statement as a file, and looking how far it is.

The id follows from what is asked for. So the same request again is the same file: it is not made
twice, and one whose message was lost on its way to the queue is sent on again.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.statements.models import StatementFileRequest, StatementFileView
from functions.statements.records import (
    READY,
    WAITING,
    StatementFile,
    place_in_bucket,
    statement_file_key,
)
from shared import clock, rate_limit
from shared.aws import client
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.ledger.statement import length
from shared.observability import count, logger
from shared.settings import settings
from shared.table import put, read
from shared.web.problems import InvalidField

_DAY_SECONDS = 86_400


class StatementTooLong(Problem):
    status = 422
    code = "STATEMENT_TOO_LONG"
    title = Texts("账单过长", "Statement too long")
    detail = Texts(
        "这段时间有 {lines} 条记录，一个文件最多 {limit} 条，请缩短时间范围。",
        "There are {lines} entries in this time, and a file may have {limit}. Ask for less.",
    )


def ask_for_file(
    user_id: str, request: StatementFileRequest, *, language: str
) -> StatementFileView:
    """Has a file made in the background, unless it is there already.

    Raises InvalidField, StatementTooLong, TooManyRequests, ServiceUnavailable.
    """
    to_ms = min(request.to_ms or clock.milliseconds(), clock.milliseconds())
    if request.from_ms >= to_ms:
        reason = Texts("必须早于结束时间和现在", "must be before the end, and before now")
        raise InvalidField(field="from", reason=reason)
    file_id = derived_id("sf", user_id, str(request.from_ms), str(to_ms), request.format, language)
    file = wanted(user_id, file_id, lambda: _new(user_id, file_id, request, to_ms, language))
    return view(file)


def wanted(owner_id: str, file_id: str, new: Callable[[], StatementFile]) -> StatementFile:
    """The file of this id, on its way to being made; `new` gives it where it must be made anew.

    Raises TooManyRequests, ServiceUnavailable, and what `new` raises.
    """
    file = _found(owner_id, file_id)
    if file is None or shown_status(file) not in (READY, WAITING):
        file = new()
        _write(file)
    if file.status == WAITING:
        _send(file)
    return file


def file_of(file: StatementFile | None) -> StatementFileView:
    """Raises NotFound."""
    if file is None:
        raise NotFound
    return view(file)


def view(file: StatementFile) -> StatementFileView:
    """What its owner sees, with a link that is good for a while."""
    lines, written = file.lines, file.written
    is_ready = shown_status(file) == READY
    return StatementFileView(
        **made_part(file),
        progress=100 if is_ready else min(99, 100 * written // max(1, lines)),
        format=file.format,  # type: ignore[arg-type]  # one of our own two words
        from_=clock.text_of(file.from_ms),
        to=clock.text_of(file.to_ms),
        lines=lines,
    )


def made_part(file: StatementFile) -> dict[str, Any]:
    """What is shown of any file: whether it is there and, if so, where and what."""
    status = shown_status(file)
    ready = status == READY
    ends_at = clock.seconds() + settings().statement_link_seconds
    return {
        "statement_file_id": file.file_id,
        "status": status,
        "sha256": file.sha256 if ready else None,
        "size": file.size if ready else None,
        "url": _link(file) if ready else None,
        "url_ends_at": clock.text_of(ends_at * 1000) if ready else None,
    }


def _found(owner_id: str, file_id: str) -> StatementFile | None:
    key = statement_file_key(owner_id, file_id)
    return read([key]).one(StatementFile, key)


def _new(
    user_id: str, file_id: str, request: StatementFileRequest, to_ms: int, language: str
) -> StatementFile:
    lines = length(user_id, from_ms=request.from_ms, to_ms=to_ms)
    limits = {"csv": settings().statement_lines_limit, "pdf": settings().statement_pdf_lines_limit}
    limit = limits[request.format]
    if lines > limit:
        raise StatementTooLong(lines=lines, limit=limit)
    return StatementFile(
        *statement_file_key(user_id, file_id)[1:],
        file_id=file_id,
        user_id=user_id,
        status=WAITING,
        format=request.format,
        language=language,
        from_ms=request.from_ms,
        to_ms=to_ms,
        lines=lines,
        ttl=clock.seconds() + settings().statement_sums_kept_seconds,
    )


def _write(file: StatementFile) -> None:
    """Counts it against the day; two that ask at once ask for the same."""
    anyhow = StatementFile.pk.exists() | StatementFile.pk.does_not_exist()
    limit = rate_limit.Window(
        name="statement_files",
        subject=file.owner_id,
        maximum=settings().statement_files_per_day,
        seconds=_DAY_SECONDS,
    )
    rate_limit.take([limit], together_with=[put(file, anyhow)])
    logger.info("statement_file_wanted", extra={"owner_id": file.owner_id})
    count("StatementFilesWanted", format=file.format)


def _send(file: StatementFile) -> None:
    wish = {"owner_id": file.owner_id, "file_id": file.file_id}
    try:
        client("sqs").send_message(
            QueueUrl=settings().statement_queue, MessageBody=json.dumps(wish)
        )
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error


def _link(file: StatementFile) -> str:
    """Made here, without a call: whoever has it may fetch the file until it ends."""
    name = f"u-wallet-{file.file_id}.{file.format}"
    link: str = client("s3").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().statement_bucket,
            "Key": place_in_bucket(file),
            "ResponseContentDisposition": f'attachment; filename="{name}"',
        },
        ExpiresIn=settings().statement_link_seconds,
    )
    return link


def shown_status(file: StatementFile) -> str:
    over = file.status == READY and file.ends_at <= clock.seconds()
    return "expired" if over else file.status
