"""Mail through SES, and the form of the addresses it goes to."""

import re

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import client
from shared.errors import ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.secrets import keyed_digest
from shared.settings import settings
from shared.web.problems import InvalidField

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
    """Hands a mail to SES. Raises ServiceUnavailable when SES does not take it."""
    try:
        client("sesv2").send_email(
            FromEmailAddress=settings().mail_from,
            Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": _utf8(subject), "Body": {"Text": _utf8(text)}}},
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("mail_refused", extra={"reason": type(error).__name__})
        count("MailRefused")
        raise ServiceUnavailable from error


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _no_address(field: str) -> InvalidField:
    reason = Texts("不是有效的邮箱地址", "is not a valid mail address")
    return InvalidField(field=field, reason=reason)
