"""The records of mail, in the table `records`.

| record       | pk                            | sk                 |
|--------------|-------------------------------|--------------------|
| ReceivedMail | `MAIL#<mail id>`              | `MAIL`             |
| MailLine     | `MAILS#<state>`               | `<time>#<mail id>` |
| Thread       | `MAIL_THREAD#<digest>`        | `THREAD`           |
| MailEvent    | `MAIL_EVENT#<digest>`         | `EVENT`            |

They are forgotten when the raw mails are.
"""

import hashlib
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from shared.secrets import keyed_hash
from shared.table import DomainRecord, Key

FILED, QUARANTINED, HELD, RELEASED = "filed", "quarantined", "held", "released"


class ReceivedMail(DomainRecord):
    """A mail that came in, and what became of it.

    `state`: `filed` in a ticket, `quarantined` for a `reason`, `held` because its sender wrote too
    many, or `released` from there by an agent; then it waits in the index `due`.
    `object_key` is where the raw mail lies. `envelope` is what SES said of it. `sender` is sealed,
    `subject` masked. `acknowledge`: its sender is still to be told that it came.
    """

    mail_id = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    object_key = UnicodeAttribute()
    envelope: Any = JSONAttribute()
    sender = UnicodeAttribute(null=True)
    subject = UnicodeAttribute()
    received_at = UnicodeAttribute()
    ticket_id = UnicodeAttribute(null=True)
    language = UnicodeAttribute()
    acknowledge = BooleanAttribute(null=True)


class MailLine(DomainRecord):
    """Where a mail stands that is in no ticket, for agents to look at."""

    mail_id = UnicodeAttribute()


class Thread(DomainRecord):
    """To which ticket a message id belongs, whoever gave it."""

    ticket_id = UnicodeAttribute()


class MailEvent(DomainRecord):
    """That a ticket was told what became of a mail of ours."""

    ticket_id = UnicodeAttribute()


def received_mail_key(mail_id: str) -> Key:
    return Key(ReceivedMail, f"MAIL#{mail_id}", "MAIL")


def mail_line_key(state: str, received_at: str, mail_id: str) -> Key:
    return Key(MailLine, f"MAILS#{state}", f"{received_at}#{mail_id}")


def thread_key(message_id: str) -> Key:
    """Keyed, because message ids name hosts and sometimes people."""
    return Key(Thread, f"MAIL_THREAD#{keyed_hash('mail thread', message_id)}", "THREAD")


def mail_event_key(event_id: str) -> Key:
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    return Key(MailEvent, f"MAIL_EVENT#{digest}", "EVENT")
