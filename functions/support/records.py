"""The records of support, in the table `records`.

| record       | pk                                   | sk                             |
|--------------|--------------------------------------|--------------------------------|
| Case         | `CASE#<kind>#<about>`                | `CASE`                         |
| Ticket       | `TICKET#<ticket id>`                 | `TICKET`                       |
| Message      | `TICKET#<ticket id>`                 | `MESSAGE#<sequence>`           |
| Note         | `TICKET#<ticket id>`                 | `NOTE#<sequence>`              |
| Way          | `TICKET#<ticket id>`                 | `WAY#<channel>`                |
| Source       | `SOURCE#<digest>`                    | `SOURCE`                       |
| Attachment   | `ATTACHMENT#<attachment id>`         | `ATTACHMENT`                   |
| TicketLine   | `TICKETS#<user id>`                  | `MADE#<time>#<ticket id>`      |
|              | `CONTACT#<digest>`                   | `MADE#<time>#<ticket id>`      |
|              | `WORD#<word>`                        | `MADE#<time>#<ticket id>`      |
|              | `NUMBER#<number>`                    | `NUMBER`                       |
|              | `QUEUE#<of what>#<value>#<state>`    | `<rank>#<time>#<ticket id>`    |
| Figures      | `FIGURES#<month>`                    | `<day>#<channel>#<shard>`      |
| Backlog      | `BACKLOG`                            | `<channel>#<shard>`            |

A ticket stands in the queue of all, of its team, of its assignee and of each tag, under its state;
`rank` puts the urgent first, and within it who waits longest.
"""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from shared.table import DomainRecord, IntegerAttribute, Key

OPEN, PENDING, SOLVED, CLOSED, REOPENED = "open", "pending", "solved", "closed", "reopened"
LOW, NORMAL, HIGH, URGENT = "low", "normal", "high", "urgent"
RANKS = {URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3}
WAITING, SENT, FAILED = "waiting", "sent", "failed"
MESSAGE_PREFIX, NOTE_PREFIX, MADE_PREFIX = "MESSAGE#", "NOTE#", "MADE#"
NOBODY = "nobody"


class Case(DomainRecord):
    """Something that happened to a user, or to a merchant, and that support must look into, once.

    kind: what happened, `withdrawal_overdue`. about: the id of what it happened to. user_id: None
    where it is about nobody in particular. Until there is a ticket it waits in the index `due`.
    """

    kind = UnicodeAttribute()
    about = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    facts: Any = JSONAttribute()
    created_at = UnicodeAttribute()


class Ticket(DomainRecord):
    """One conversation with one person, on whatever channels. Texts ending in `_at` are RFC 3339.

    It is written whole, under the condition that `version` is as it was read; `change_id` is of
    the last write. `user_id`: none for a visitor whom we don't know. `contact`: the digest of the
    address that it began from. `channel` is where it began, `last_channel` where its person wrote
    last, to which answers go. `about`: `{"kind": "payment", "id": ...}`.
    `messages` and `notes` count those there are: their sequences run from 1 without a gap.
    `merged`: the ids of tickets whose messages belong here; `merged_into`: where those of this one
    belong. `follows`: the closed ticket that this one goes on with, which says so in
    `followed_by`; `split_from`: the one whose messages it began with.

    Its clocks: `answer_due_at` and `solve_due_at` (seconds) are when what was promised is broken,
    `solve_left` what was left of it (seconds of business hours) when it was stopped, `closes_at`
    (seconds) when a solved one closes by itself; `broken` names the promises that were broken. It
    waits in the index `due` for the next of these.
    """

    ticket_id = UnicodeAttribute()
    number = UnicodeAttribute()
    subject = UnicodeAttribute()
    state = UnicodeAttribute()
    priority = UnicodeAttribute()
    team = UnicodeAttribute()
    assignee = UnicodeAttribute(null=True)
    tags: Any = UnicodeSetAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    language = UnicodeAttribute()
    channel = UnicodeAttribute()
    last_channel = UnicodeAttribute()
    about: Any = JSONAttribute(null=True)
    messages = IntegerAttribute(default=0)
    notes = IntegerAttribute(default=0)
    merged: Any = JSONAttribute(null=True)
    merged_into = UnicodeAttribute(null=True)
    follows = UnicodeAttribute(null=True)
    followed_by = UnicodeAttribute(null=True)
    split_from = UnicodeAttribute(null=True)
    opened_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    answered_at = UnicodeAttribute(null=True)
    solved_at = UnicodeAttribute(null=True)
    answer_due_at = IntegerAttribute(null=True)
    solve_due_at = IntegerAttribute(null=True)
    solve_left = IntegerAttribute(null=True)
    closes_at = IntegerAttribute(null=True)
    broken: Any = UnicodeSetAttribute(null=True)
    rating = IntegerAttribute(null=True)
    rating_comment = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=0)
    change_id = UnicodeAttribute()


class Message(DomainRecord):
    """What was said between a person and us. The person may read it.

    `author_kind`: `user`, `visitor`, `agent` or `system`. `text` is masked. `details` is what its
    channel keeps of it. A message of ours says in `delivery` how it went on its way back; while
    that is `waiting` it waits in the index `due`, and `tries` is how often it was sent.
    `moved_to`: the ticket that it was split off into, which has a copy.
    """

    ticket_id = UnicodeAttribute()
    sequence = IntegerAttribute()
    channel = UnicodeAttribute()
    author_kind = UnicodeAttribute()
    author_id = UnicodeAttribute()
    text = UnicodeAttribute()
    masked = BooleanAttribute(default=False)
    language = UnicodeAttribute()
    at = UnicodeAttribute()
    attachments: Any = JSONAttribute(null=True)
    details: Any = JSONAttribute(null=True)
    delivery = UnicodeAttribute(null=True)
    tries = IntegerAttribute(default=0)
    moved_to = UnicodeAttribute(null=True)


class Note(DomainRecord):
    """What agents see beside the messages: what one of them wrote (`note`), or what happened."""

    ticket_id = UnicodeAttribute()
    sequence = IntegerAttribute()
    kind = UnicodeAttribute()
    author_kind = UnicodeAttribute()
    author_id = UnicodeAttribute()
    text = UnicodeAttribute(null=True)
    details: Any = JSONAttribute(null=True)
    at = UnicodeAttribute()


class Way(DomainRecord):
    """How a person is reached on a channel, as the newest message from there said.

    `address` is sealed; `contact` is its digest. `details`: what else the channel must know.
    """

    channel = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    details: Any = JSONAttribute(null=True)


class Source(DomainRecord):
    """That a message of a channel has come in: what became of it, and a keyed digest of it."""

    ticket_id = UnicodeAttribute()
    sequence = IntegerAttribute()
    fingerprint = UnicodeAttribute()


class Attachment(DomainRecord):
    """A file that belongs to a message: `ticket_id` says of which ticket, once it does.

    `owner`: who gave it, the id of an author. `kind`: its media type. `uploaded`: that it has been
    seen to lie in the bucket, with that size (bytes) and kind. `clean`: that somebody looked into
    it for viruses and found none; nobody opens one that is not.
    """

    attachment_id = UnicodeAttribute()
    owner = UnicodeAttribute()
    name = UnicodeAttribute()
    kind = UnicodeAttribute()
    size = IntegerAttribute()
    uploaded = BooleanAttribute(default=False)
    clean = BooleanAttribute(default=False)
    ticket_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()


class TicketLine(DomainRecord):
    """Where a ticket stands in a list."""

    ticket_id = UnicodeAttribute()


class Figures(DomainRecord):
    """What happened to tickets of a channel on one local day, in one of several shards."""

    day = UnicodeAttribute()
    channel = UnicodeAttribute()
    opened = IntegerAttribute(null=True)
    answered = IntegerAttribute(null=True)
    answer_seconds = IntegerAttribute(null=True)
    solved = IntegerAttribute(null=True)
    solve_seconds = IntegerAttribute(null=True)
    reopened = IntegerAttribute(null=True)
    rated = IntegerAttribute(null=True)
    rating_sum = IntegerAttribute(null=True)
    broken = IntegerAttribute(null=True)


class Backlog(DomainRecord):
    """How many tickets of a channel are in each state, in one of several shards."""

    channel = UnicodeAttribute()
    open = IntegerAttribute(null=True)
    pending = IntegerAttribute(null=True)
    solved = IntegerAttribute(null=True)
    reopened = IntegerAttribute(null=True)
    closed = IntegerAttribute(null=True)


def case_key(kind: str, about: str) -> Key:
    return Key(Case, f"CASE#{kind}#{about}", "CASE")


def ticket_key(ticket_id: str) -> Key:
    return Key(Ticket, f"TICKET#{ticket_id}", "TICKET")


def message_key(ticket_id: str, sequence: int) -> Key:
    return Key(Message, f"TICKET#{ticket_id}", f"{MESSAGE_PREFIX}{sequence:09d}")


def note_key(ticket_id: str, sequence: int) -> Key:
    return Key(Note, f"TICKET#{ticket_id}", f"{NOTE_PREFIX}{sequence:09d}")


def way_key(ticket_id: str, channel: str) -> Key:
    return Key(Way, f"TICKET#{ticket_id}", f"WAY#{channel}")


def source_key(digest: str) -> Key:
    return Key(Source, f"SOURCE#{digest}", "SOURCE")


def attachment_key(attachment_id: str) -> Key:
    return Key(Attachment, f"ATTACHMENT#{attachment_id}", "ATTACHMENT")


def number_key(number: str) -> Key:
    return Key(TicketLine, f"NUMBER#{number}", "NUMBER")


def tickets_of(user_id: str) -> str:
    return f"TICKETS#{user_id}"


def tickets_of_contact(digest: str) -> str:
    return f"CONTACT#{digest}"


def tickets_with_word(word: str) -> str:
    return f"WORD#{word}"


def figures_key(day: str, place: str) -> Key:
    """day: `2026-11-29`. place: the channel and the shard."""
    return Key(Figures, f"FIGURES#{day[:7]}", f"{day}#{place}")


def backlog_key(place: str) -> Key:
    return Key(Backlog, "BACKLOG", place)


def queue_of(dimension: str, value: str, state: str) -> str:
    """dimension: `all` (value is empty), `team`, `assignee` or `tag`."""
    return f"QUEUE#{dimension}#{value}#{state}"
