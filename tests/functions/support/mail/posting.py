"""Mails in tests: written, handed over as SES does it, and what became of them."""

import itertools
import json
from email import message_from_string
from email.message import EmailMessage, Message
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import RawMessage, ses_backends

from functions.support.mail.events import on_feedback, on_mail
from functions.support.mail.intake import known_mail
from functions.support.mail.records import ReceivedMail
from functions.support.records import Message as TicketMessage
from functions.support.timeline import after
from shared.aws import client
from shared.identifiers import derived_id
from shared.settings import settings

SUPPORT = "support@support.u-wallet.example"
ANA, EVE = "ana@post.example", "eve@evil.example"
PROVEN = {"spf": "PASS", "dkim": "PASS", "dmarc": "PASS"}
FORGED = {"spf": "PASS", "dkim": "FAIL", "dmarc": "FAIL"}
NO_POLICY = {"spf": "PASS", "dkim": "GRAY", "dmarc": "GRAY"}
_CLEAN = {"spam": "PASS", "virus": "PASS"}
_numbers = itertools.count(1)


def written(
    text: str = "My payment failed.", *, sender: str = ANA, subject: str = "Payment", **headers: str
) -> EmailMessage:
    """A mail as a mail program writes it. headers: `in_reply_to="<...>"`."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = SUPPORT
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{next(_numbers)}@post.example>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def delivered(
    mail: EmailMessage | bytes,
    *,
    ses_id: str | None = None,
    to: str | None = None,
    return_path: str | None = ANA,
    **verdicts: str | None,
) -> ReceivedMail:
    """Hands a mail over, by default one whose sender is proven; what became of it.

    verdicts: `spf="FAIL"`; None for one that SES leaves out.
    """
    ses_id = ses_id or f"ses{next(_numbers):037d}"
    put_raw(ses_id, mail if isinstance(mail, bytes) else mail.as_bytes())
    told = notification(ses_id, to=to or SUPPORT, return_path=return_path or "", **verdicts)
    tell(on_mail, told)
    record = known_mail(derived_id("ml", ses_id))
    assert record is not None
    return record


def put_raw(ses_id: str, raw: bytes) -> None:
    """Where SES puts it."""
    client("s3").put_object(Bucket=settings().mail_bucket, Key=f"inbound/{ses_id}", Body=raw)


def notification(
    ses_id: str, *, to: str | None = SUPPORT, return_path: str | None = ANA, **verdicts: str | None
) -> dict[str, Any]:
    """What the receipt rule tells."""
    given = {**_CLEAN, **PROVEN, **verdicts}
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2026-03-01T04:00:00.000Z",
            "source": return_path,
            "messageId": ses_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": [],
            "commonHeaders": {"from": [return_path], "to": [to]},
        },
        "receipt": {
            "timestamp": "2026-03-01T04:00:00.000Z",
            "processingTimeMillis": 300,
            "recipients": [to],
            **{f"{name}Verdict": {"status": value} for name, value in given.items() if value},
            "action": {
                "type": "S3",
                "topicArn": "arn:aws:sns:ap-southeast-1:123456789012:mail",
                "bucketName": settings().mail_bucket,
                "objectKeyPrefix": "inbound/",
                "objectKey": f"inbound/{ses_id}",
            },
        },
    }


def tell(handler: Any, told: Any) -> None:
    """Hands something to a function by the topic and its queue."""
    text = told if isinstance(told, str) else json.dumps(told)
    body = json.dumps({"Type": "Notification", "Message": text})
    handler({"Records": [{"body": body, "attributes": {"ApproximateReceiveCount": "1"}}]}, None)


def bounced(ses_id: str, address: str, *, kind: str = "Permanent", feedback_id: str = "1") -> None:
    tell(
        on_feedback,
        {
            "eventType": "Bounce",
            "bounce": {
                "feedbackId": feedback_id,
                "bounceType": kind,
                "bounceSubType": "General",
                "bouncedRecipients": [{"emailAddress": address, "action": "failed"}],
            },
            "mail": {"messageId": ses_id, "destination": [address]},
        },
    )


def complained(ses_id: str, address: str) -> None:
    complaint = {"feedbackId": "c-1", "complainedRecipients": [{"emailAddress": address}]}
    mail = {"messageId": ses_id, "destination": [address]}
    tell(on_feedback, {"eventType": "Complaint", "complaint": complaint, "mail": mail})


def went_out(address: str | None = None) -> list[Message]:
    """The whole mails that we have sent, the oldest first."""
    return [
        message_from_string(one.raw_data)
        for one in ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sent_messages
        if isinstance(one, RawMessage) and (address is None or address in one.destinations)
    ]


def last_sent_id() -> str:
    """Under which SES tells of the last mail."""
    return str(ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sent_messages[-1].id)


def answer_to(mail: Message, text: str = "Still so.", **more: Any) -> EmailMessage:
    """What a mail program makes of `answer`."""
    ids = {"in_reply_to": mail["Message-ID"], "references": mail["Message-ID"]}
    return written(text, subject=mail["Subject"], **(ids | more))


def message_of(record: ReceivedMail) -> TicketMessage:
    """The message of a ticket that a mail has become."""
    return next(
        one
        for one in after(str(record.ticket_id), 0)
        if (one.details or {}).get("mail_id") == record.mail_id
    )


def text_of(mail: Message) -> str:
    """What stands in a mail that went out."""
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
