"""Files that belong to messages. They lie in a bucket of their own and never pass through the API.

An app asks where to upload one of a certain kind and size, uploads it there by itself, and names it
in a message. A channel that has the bytes stores them at once. A file belongs to whoever gave it,
and to one ticket; who may see the ticket gets an address that is good for some minutes.
"""

import re
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.support.models import AttachmentRequest, AttachmentView, UploadView
from functions.support.records import Attachment, Ticket, attachment_key
from shared import clock
from shared.aws import client
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id, new_id
from shared.settings import settings
from shared.table import Found, Write, change, put_new, read, update

# What a file of a kind begins with. Nothing that runs anything when it is opened is among them.
KINDS: dict[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "image/heic": (b"\x00\x00\x00",),
    "application/pdf": (b"%PDF-",),
    "text/plain": (b"",),
}
_FIRST_BYTES = 16
_ONCE = "*"  # What was looked at must not be put in the place of something else.
_SCAN_TAG, _SCANNED_CLEAN = "GuardDutyMalwareScanStatus", "NO_THREATS_FOUND"
_NAME_LIMIT = 80
_UNFIT = re.compile(r"[^\w.() \-]+")


class AttachmentRefused(Problem):
    status = 422
    code = "ATTACHMENT_REFUSED"
    title = Texts("附件不可用", "Attachment refused")
    detail = Texts(
        "附件 {attachment_id} 不存在、尚未上传、类型不符或已用于其他工单。",
        "The attachment {attachment_id} is not there, not uploaded yet, not what it was said to "
        "be, or in another ticket.",
    )


class AttachmentNotChecked(Problem):
    status = 409
    code = "ATTACHMENT_NOT_CHECKED"
    title = Texts("附件未通过检查", "Attachment not checked")
    detail = Texts(
        "此附件没有通过病毒检查，不能打开。",
        "No virus check has found this attachment to be clean, so it can't be opened.",
    )


def ask_to_upload(owner: str, wish: AttachmentRequest) -> UploadView:
    """Where to put a file of this kind and of exactly this size, for some minutes."""
    attachment = _new(owner, new_id("at"), wish.name, wish.content_type, wish.size)
    put_new(attachment)
    link: str = client("s3").generate_presigned_url(
        "put_object",
        Params={
            **_place(attachment.attachment_id),
            "ContentType": wish.content_type,
            "ContentLength": wish.size,
            "IfNoneMatch": _ONCE,
        },
        ExpiresIn=settings().attachment_link_seconds,
    )
    return UploadView(
        attachment_id=attachment.attachment_id,
        url=link,
        headers={"Content-Type": wish.content_type, "If-None-Match": _ONCE},
        expires_in=settings().attachment_link_seconds,
    )


def store(owner: str, name: str, kind: str, content: bytes, *, source: str, clean: bool) -> str:
    """Keeps a file that came with a message of a channel; gives its id.

    owner: the id of the author. source: names it at its channel, so that again is the same file.
    clean: the verdict of a virus check. Raises ServiceUnavailable.
    """
    attachment = _new(owner, derived_id("at", owner, source), name, kind, len(content))
    attachment.uploaded, attachment.clean = True, clean
    try:
        client("s3").put_object(
            **_place(attachment.attachment_id), Body=content, ContentType=attachment.kind
        )
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error
    put_new(attachment)
    return str(attachment.attachment_id)


def check_uploaded(attachment_ids: Sequence[str], owner: str) -> None:
    """That they are the owner's, lie in the bucket, and begin as their kind does.

    Raises AttachmentRefused, ServiceUnavailable.
    """
    found = _read(attachment_ids)
    for attachment_id in attachment_ids:
        attachment = found.one(Attachment, attachment_key(attachment_id))
        if attachment is None or attachment.owner != owner:
            raise AttachmentRefused(attachment_id=attachment_id)
        if not attachment.uploaded:
            _see(attachment)


def belonging(attachment_ids: Sequence[str], owner: str, ticket_id: str) -> list[Write]:
    """The writes that make files of an author part of a ticket; one fails for any other file."""
    return [
        update(
            Attachment(*attachment_key(attachment_id)[1:]),
            [Attachment.ticket_id.set(ticket_id)],
            (Attachment.owner == owner)
            & (Attachment.uploaded == True)  # noqa: E712  # a condition, not a comparison
            & (Attachment.ticket_id.does_not_exist() | (Attachment.ticket_id == ticket_id)),
        )
        for attachment_id in attachment_ids
    ]


def content_of(attachment_id: str, ticket_id: str) -> tuple[AttachmentView, bytes]:
    """A file of a ticket with its bytes, for a channel that sends it on.

    Raises NotFound, AttachmentNotChecked, ServiceUnavailable.
    """
    attachment = _of_ticket(attachment_id, ticket_id)
    try:
        body = client("s3").get_object(**_place(attachment_id))["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error
    return view(attachment), body


def link_in(ticket: Ticket, attachment_id: str) -> str:
    """As `link_to`, also for what came in a ticket that was merged into this one."""
    attachment = read([attachment_key(attachment_id)]).one(
        Attachment, attachment_key(attachment_id)
    )
    where = attachment and attachment.ticket_id
    if not where or where not in (ticket.ticket_id, ticket.split_from, *(ticket.merged or ())):
        raise NotFound
    return link_to(attachment_id, where)


def link_to(attachment_id: str, ticket_id: str) -> str:
    """Where a file of a ticket can be fetched, for some minutes. Raises NotFound,
    AttachmentNotChecked.
    """
    attachment = _of_ticket(attachment_id, ticket_id)
    link: str = client("s3").generate_presigned_url(
        "get_object",
        Params={
            **_place(attachment_id),
            "ResponseContentDisposition": f'attachment; filename="{_ascii(attachment.name)}"',
            "ResponseContentType": attachment.kind,
        },
        ExpiresIn=settings().attachment_link_seconds,
    )
    return link


def views(attachment_ids: Sequence[str]) -> dict[str, AttachmentView]:
    """What is known of files, by id; those that are gone are left out."""
    found = _read(attachment_ids)
    known = (found.one(Attachment, attachment_key(one)) for one in attachment_ids)
    return {one.attachment_id: view(one) for one in known if one is not None}


def view(attachment: Attachment) -> AttachmentView:
    return AttachmentView(
        attachment_id=attachment.attachment_id,
        name=attachment.name,
        content_type=attachment.kind,
        size=attachment.size,
        can_be_opened=attachment.clean,
    )


def harmless(name: str) -> str:
    """A name of a file that is nothing but a name: no path, no control character, no quote."""
    last = re.split(r"[/\\]", name)[-1]
    fit = _UNFIT.sub("_", last).strip(" .")
    stem, dot, ending = fit.rpartition(".")
    short = f"{stem[: _NAME_LIMIT - 9]}{dot}{ending[:8]}" if dot else fit[:_NAME_LIMIT]
    return short or "file"


def _new(owner: str, attachment_id: str, name: str, kind: str, size: int) -> Attachment:
    return Attachment(
        *attachment_key(attachment_id)[1:],
        attachment_id=attachment_id,
        owner=owner,
        name=harmless(name),
        kind=kind if kind in KINDS else "application/octet-stream",
        size=size,
        created_at=clock.now_text(),
    )


def _see(attachment: Attachment) -> None:
    """Looks at what was uploaded. Raises AttachmentRefused, ServiceUnavailable."""
    refused = AttachmentRefused(attachment_id=attachment.attachment_id)
    place = _place(attachment.attachment_id)
    try:
        there = client("s3").get_object(**place, Range=f"bytes=0-{_FIRST_BYTES - 1}")
        beginning = there["Body"].read()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise ServiceUnavailable from error
        raise refused from error
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    size = int(there.get("ContentRange", f"/{there['ContentLength']}").rpartition("/")[2])
    if size != attachment.size or not beginning.startswith(KINDS[attachment.kind]):
        raise refused
    unscanned = settings().attachment_scan != "on"
    seen = [Attachment.uploaded.set(True), Attachment.clean.set(unscanned)]
    change(Attachment(attachment.pk, attachment.sk), seen, Attachment.pk.exists())


def _of_ticket(attachment_id: str, ticket_id: str) -> Attachment:
    key = attachment_key(attachment_id)
    attachment = read([key]).one(Attachment, key)
    if attachment is None or attachment.ticket_id != ticket_id:
        raise NotFound
    if not attachment.clean and not _found_clean(attachment):
        raise AttachmentNotChecked
    return attachment


def _found_clean(attachment: Attachment) -> bool:
    """What GuardDuty has found, which looks at each object as it comes into the bucket."""
    if settings().attachment_scan != "on":
        return False
    try:
        tags = client("s3").get_object_tagging(**_place(attachment.attachment_id))["TagSet"]
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error
    if {"Key": _SCAN_TAG, "Value": _SCANNED_CLEAN} not in tags:
        return False
    found = [Attachment.clean.set(True)]
    return change(Attachment(attachment.pk, attachment.sk), found, Attachment.pk.exists())


def _read(attachment_ids: Sequence[str]) -> Found:
    keys = [attachment_key(one) for one in attachment_ids]
    return read(keys) if keys else Found({})


def _place(attachment_id: str) -> dict[str, Any]:
    return {"Bucket": settings().support_bucket, "Key": f"attachments/{attachment_id}"}


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "_")
