"""Telling a sender that the mail has come and which ticket it is: once, and only so many in a day.

It is a message of the system in the ticket, so it goes the way of all that we say.
"""

from functions.support.conversation import add_message
from functions.support.delivery import send_now
from functions.support.incoming import Author, Incoming, Language
from functions.support.mail.records import ReceivedMail
from functions.support.tickets import ticket_of
from shared.errors import Texts
from shared.observability import count
from shared.rate_limit import Window
from shared.settings import settings
from shared.table import Cancelled, change

_SPEAKER = Author("system", "mail")
_DAY_SECONDS = 86_400
TEXT = Texts(
    "您好，我们已收到您的邮件，工单号 {number}。客服会尽快回复您；如需补充，直接回复本邮件即可。"
    "\n\n请勿在邮件中填写密码、验证码或完整的银行卡号，我们不会向您索取。本邮件由系统自动发出。",
    "Hello, we have your mail: it is ticket {number}. Somebody will answer as soon as possible. "
    "To add something, answer this mail.\n\n"
    "Never write passwords, codes or full card numbers into a mail; we don't ask for them. "
    "This mail was sent automatically.",
)


def acknowledge(record: ReceivedMail) -> None:
    """Of a mail that has opened a ticket. Raises ServiceUnavailable."""
    ticket = ticket_of(str(record.ticket_id))
    language: Language = "en" if record.language == "en" else "zh"
    incoming = Incoming(
        channel="mail",
        author=_SPEAKER,
        text=TEXT.in_language(language, {"number": ticket.number}),
        source_id=f"acknowledgement:{record.mail_id}",
        language=language,
    )
    limit = Window(
        name="mail_acknowledgements",
        subject=str(ticket.contact),
        maximum=settings().acknowledgements_per_sender_per_day,
        seconds=_DAY_SECONDS,
    )
    try:
        posted = add_message(ticket.ticket_id, incoming, together_with=[limit.taking()])
    except Cancelled:
        count("LimitsReached", limit=limit.name)
    else:
        send_now(posted.ticket_id, posted.sequence)
    done = [ReceivedMail.acknowledge.remove()]
    change(ReceivedMail(record.pk, record.sk), done, ReceivedMail.pk.exists())
