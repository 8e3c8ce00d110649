"""Answers by mail: below what they answer, from an address that leads back into the ticket.

The message id follows from the message, so that a mail program shows what is sent twice once. SES
puts an id of its own in its place, by which the answer to it is known as well.
"""

from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from functions.support.attachments import AttachmentNotChecked, content_of
from functions.support.channels import Outgoing, Undeliverable, channel
from functions.support.mail.reply_address import reply_address, support_address
from functions.support.mail.threads import thread
from shared import clock, mail
from shared.errors import NotFound, Texts
from shared.settings import settings
from shared.table import put_new

_POLICY = policy.SMTP.clone(cte_type="7bit")  # whatever is on the way passes it on
_NAME = Texts("U钱包客服", "U Wallet support")
_SIGNED = Texts(
    "{text}\n\n-- \nU钱包客服 · 工单 {number}", "{text}\n\n-- \nU Wallet support · ticket {number}"
)
_ATTACHED_BYTES_LIMIT = 7_000_000  # SES takes 10 MB, of which base64 uses a quarter


@channel("mail")
def deliver(outgoing: Outgoing) -> None:
    """Raises Undeliverable, ServiceUnavailable."""
    if not settings().support_mail_domain:
        raise Undeliverable("mail_not_set_up")
    if outgoing.address is None:
        raise Undeliverable("no_address")
    if reason := mail.stopped(outgoing.address):
        raise Undeliverable(reason)
    own_id = f"<{outgoing.message_id}@{settings().support_mail_domain}>"
    put_new(thread(own_id, outgoing.ticket_id))
    try:
        sent_id = mail.send_raw(
            outgoing.address, sender=support_address(), raw=_raw(outgoing, outgoing.address, own_id)
        )
    except mail.NoAddress as error:
        raise Undeliverable("refused") from error
    put_new(thread(f"<{sent_id}@ses>", outgoing.ticket_id))


def _raw(outgoing: Outgoing, address: str, own_id: str) -> bytes:
    """The mail as it goes out. What threads it stands first, folded by us: the library would encode
    an id that is longer than a line, and nobody would know it again.
    """
    message = EmailMessage(policy=_POLICY)
    name = _NAME.in_language(outgoing.language, {})
    message["From"] = formataddr((name, support_address()))
    message["Reply-To"] = formataddr((name, reply_address(outgoing.ticket_id)))
    message["To"] = address
    message["Subject"] = _subject(outgoing.subject)
    message["Date"] = format_datetime(clock.local_moment(clock.seconds()))
    if outgoing.author.kind == "system":
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    values = {"text": outgoing.text, "number": outgoing.number}
    message.set_content(_SIGNED.in_language(outgoing.language, values))
    _attach(message, outgoing)
    return _threading(own_id, outgoing.details) + message.as_bytes()


def _threading(own_id: str, details: dict[str, str]) -> bytes:
    lines = [f"Message-ID: {own_id}"]
    answered = details.get("message_id", "")
    if answered.isascii() and answered:
        known = [one for one in details.get("references", "").split() if one.isascii()]
        lines.append(f"In-Reply-To: {answered}")
        lines.append("References: " + "\r\n ".join([*known, answered]))
    return ("\r\n".join(lines) + "\r\n").encode()


def _subject(subject: str) -> str:
    answers = subject.lower().startswith(("re:", "回复:", "回复：", "答复:", "答复："))
    return subject if answers else f"Re: {subject}"


def _attach(message: EmailMessage, outgoing: Outgoing) -> None:
    size = 0
    for attachment_id in outgoing.attachments:
        try:
            view, content = content_of(attachment_id, outgoing.ticket_id)
        except (NotFound, AttachmentNotChecked) as error:
            raise Undeliverable("attachment") from error
        size += len(content)
        if size > _ATTACHED_BYTES_LIMIT:
            raise Undeliverable("attachments_too_large")
        main, _, sub = view.content_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=view.name)
