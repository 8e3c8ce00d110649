"""The door for mails on this machine: an SMTP port that does what SES does on AWS.

A mail to the domain of support is put into the bucket and told of on the topic, exactly as by a
receipt rule, with the verdicts that SES would have found. All are `PASS` unless the mail orders
others by a header that only this door understands and takes out:

    X-Local-Verdicts: dmarc=FAIL virus=MISSING

Mail to anywhere else, ours included, goes no further: it is kept as a file, whole.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.deploy import Place

HOST = "127.0.0.1"
ORDERED = "X-Local-Verdicts"
PREFIX = "inbound/"
SES_BYTES_LIMIT = 40 * 1024 * 1024
_VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")
_VALUES = frozenset({"PASS", "FAIL", "GRAY", "PROCESSING_FAILED", "MISSING"})
_ORDER_LINE = re.compile(rb"^x-local-verdicts:[^\r\n]*\r?\n", re.IGNORECASE | re.MULTILINE)
_HEADERS_LIMIT = 100


class UnknownVerdict(ValueError):
    """A mail orders a verdict that SES does not give."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What the receipt rule of the template says. outbox: where all other mail is kept."""

    place: Place
    domain: str
    bucket: str
    topic: str
    outbox: Path

    def takes(self, recipient: str) -> bool:
        return recipient.rpartition("@")[2].lower() == self.domain


@contextmanager
def mail_door(rule: Rule, *, port: int) -> Iterator[str]:
    """Open until the block ends; gives its `host:port`."""
    rule.outbox.mkdir(parents=True, exist_ok=True)
    controller = Controller(
        _Door(rule), hostname=HOST, port=port, data_size_limit=SES_BYTES_LIMIT, enable_SMTPUTF8=True
    )
    controller.start()
    try:
        yield f"{HOST}:{port}"
    finally:
        controller.stop()


class _Door:
    """What aiosmtpd calls for each mail."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        content = raw if isinstance(raw, bytes) else str(raw).encode()
        ours = [one for one in envelope.rcpt_tos if self._rule.takes(one)]
        try:
            if ours:
                sender = envelope.mail_from or ""
                await asyncio.to_thread(_hand_over, self._rule, content, sender, ours)
            if len(ours) < len(envelope.rcpt_tos):
                await asyncio.to_thread(_keep, self._rule.outbox, content)
        except UnknownVerdict as error:
            return f"554 {error}"
        return "250 OK"


def _hand_over(rule: Rule, content: bytes, sender: str, recipients: list[str]) -> None:
    """As SES: first the object, then the word of it."""
    verdicts = _ordered(content)
    message_id = secrets.token_hex(20)
    raw = _trace(sender, recipients, verdicts) + _ORDER_LINE.sub(b"", content, count=1)
    s3, sns = rule.place.client("s3"), rule.place.client("sns")
    s3.put_object(Bucket=rule.bucket, Key=f"{PREFIX}{message_id}", Body=raw)
    told = _notification(rule, message_id, raw, sender, recipients, verdicts)
    sns.publish(TopicArn=rule.topic, Subject="Amazon SES Email Receipt Notification", Message=told)


def _ordered(content: bytes) -> dict[str, str]:
    """The verdicts by name. Raises UnknownVerdict."""
    words = str(BytesHeaderParser().parsebytes(content).get(ORDERED, "")).split()
    ordered = dict(word.partition("=")[::2] for word in words)
    wrong = ordered.keys() - set(_VERDICTS) or set(ordered.values()) - _VALUES
    if wrong:
        raise UnknownVerdict(f"no such verdict: {', '.join(sorted(wrong))}")
    return {name: ordered.get(name, "PASS") for name in _VERDICTS}


def _trace(sender: str, recipients: list[str], verdicts: dict[str, str]) -> bytes:
    """The headers that SES puts before a mail."""
    now = format_datetime(datetime.now(UTC))
    lines = [
        f"Return-Path: <{sender}>",
        f"Received: from client by mail-door with SMTP for {recipients[0]}; {now}",
        f"X-SES-Spam-Verdict: {verdicts['spam']}",
        f"X-SES-Virus-Verdict: {verdicts['virus']}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _notification(
    rule: Rule,
    message_id: str,
    raw: bytes,
    sender: str,
    recipients: list[str],
    verdicts: dict[str, str],
) -> str:
    parsed = BytesHeaderParser().parsebytes(raw)
    headers = [{"name": name, "value": str(value)} for name, value in parsed.items()]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    mail: dict[str, Any] = {
        "timestamp": now,
        "source": sender,
        "messageId": message_id,
        "destination": recipients,
        "headersTruncated": len(headers) > _HEADERS_LIMIT,
        "headers": headers[:_HEADERS_LIMIT],
        "commonHeaders": {"subject": str(parsed.get("Subject", "")), "to": recipients},
    }
    receipt = {
        "timestamp": now,
        "processingTimeMillis": 1,
        "recipients": recipients,
        **{
            f"{name}Verdict": {"status": value}
            for name, value in verdicts.items()
            if value != "MISSING"
        },
        "action": {
            "type": "S3",
            "topicArn": rule.topic,
            "bucketName": rule.bucket,
            "objectKeyPrefix": PREFIX,
            "objectKey": f"{PREFIX}{message_id}",
        },
    }
    told = {"notificationType": "Received", "mail": mail, "receipt": receipt}
    return json.dumps(told, ensure_ascii=True)


def _keep(outbox: Path, content: bytes) -> None:
    """Names sort as the mails came. It is whole as soon as it is seen."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    file = outbox / f"{moment}-{secrets.token_hex(4)}.eml"
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.rename(file)
