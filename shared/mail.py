"""Mail through SES, the form of the addresses it goes to, and those that get no more.

| record         | pk                          | sk        |
|----------------|-----------------------------|-----------|
| StoppedAddress | `MAIL_ADDRESS#<digest>`     | `STOPPED` |
"""

import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import UnicodeAttribute

from shared import clock
from shared.aws import client
from shared.errors import ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.secrets import keyed_digest
from shared.settings import settings
from shared.table import DomainRecord, Key, read
from shared.web.problems import InvalidField

BOUNCE, COMPLAINT = "bounced", "complained"

_LENGTH_LIMIT = 254
# RFC 5321's dot-string and host names: nothing in them can end a header or begin another.
_FORM = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)


def normalised(typed: str, *, field: str = "email") -> str:
    """` Ana@Post.Example ` as `Ana@post.example`: the host has no case. Raises InvalidField.

    A host in other letters than ASCII becomes what DNS knows it by.
    """
    local, _, host = typed.strip(" ").rpartition("@")
    try:
        address = f"{local}@{host.encode('idna').decode().lower()}"
    except UnicodeError as error:
        raise _no_address(field) from error
    if len(address) > _LENGTH_LIMIT or not _FORM.fullmatch(address):
        raise _no_address(field)
    return address


def masked(address: str) -> str:
    """`a***@post.example`."""
    local, _, host = address.rpartition("@")
    return f"{local[:1]}***@{host}"


def lookup_digest(address: str) -> bytes:
    """What an address is counted by: 32 bytes, meaningless without the key. Case is no matter."""
    return keyed_digest("email", address.casefold())


def send(to: str, *, subject: str, text: str) -> None:
    """Hands a mail to SES, unless the address takes none for good: then nobody would read it.

    Raises ServiceUnavailable when SES does not take it.
    """
    if stopped(to):
        logger.info("mail_not_sent_to_stopped_address")
        count("MailsNotSent")
        return
    try:
        client("sesv2").send_email(
            FromEmailAddress=settings().mail_from,
            Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": _utf8(subject), "Body": {"Text": _utf8(text)}}},
            **_feedback(),
        )
    except (BotoCoreError, ClientError) as error:
        raise _refused(error) from error


class NoAddress(Exception):
    """SES does not take the address for one."""


def send_raw(to: str, *, sender: str, raw: bytes) -> str:
    """Hands a whole mail to SES; gives the id under which SES tells what became of it.

    Raises NoAddress, ServiceUnavailable.
    """
    try:
        answer = client("ses").send_raw_email(
            Source=sender, Destinations=[to], RawMessage={"Data": raw}, **_feedback()
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidParameterValue":
            raise NoAddress from error
        raise _refused(error) from error
    except BotoCoreError as error:
        raise _refused(error) from error
    return str(answer["MessageId"]).partition("@")[0]


class StoppedAddress(DomainRecord):
    """An address that gets no mail: it bounced for good, or its owner called one of ours spam."""

    reason = UnicodeAttribute()
    stopped_at = UnicodeAttribute()


def stop(address: str, reason: str) -> None:
    """No more mail to an address, until that is forgotten."""
    StoppedAddress(
        *_stopped_key(address)[1:],
        reason=reason,
        stopped_at=clock.now_text(),
        ttl=clock.seconds() + settings().mail_stop_seconds,
    ).save()


def stopped(address: str) -> str | None:
    """Why an address gets no mail; None for all others."""
    key = _stopped_key(address)
    found = read([key]).one(StoppedAddress, key)
    if found is None or (found.ttl or 0) <= clock.seconds():
        return None
    return found.reason


def _stopped_key(address: str) -> Key:
    return Key(StoppedAddress, f"MAIL_ADDRESS#{lookup_digest(address).hex()}", "STOPPED")


def _feedback() -> dict[str, Any]:
    """By which SES tells of bounces."""
    name = settings().mail_configuration_set
    return {"ConfigurationSetName": name} if name else {}


def _refused(error: Exception) -> ServiceUnavailable:
    logger.warning("mail_refused", extra={"reason": type(error).__name__})
    count("MailRefused")
    return ServiceUnavailable()


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _no_address(field: str) -> InvalidField:
    reason = Texts("不是有效的邮箱地址", "is not a valid mail address")
    return InvalidField(field=field, reason=reason)
