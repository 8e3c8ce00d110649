"""By which words of its subject a ticket is found.

Each word has a list of its own, written with the ticket. Chinese has no spaces, so there each two
characters that follow each other are a word; a search for a longer one finds what has them all.
"""

import re
import unicodedata
from itertools import pairwise

from functions.support.records import MADE_PREFIX, Ticket, TicketLine, tickets_with_word
from shared.table import Write, put

WORDS_LIMIT = 24
_WORD_LENGTH_LIMIT = 32
_LATIN = re.compile(r"[a-z0-9][a-z0-9_'-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_COMMON = frozenset(
    "the and for with from not was has have are you your this that can cannot".split()
)


def words_of(text: str) -> list[str]:
    """The words of a text, as they come, each once and so many at most."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = [word[:_WORD_LENGTH_LIMIT] for word in _LATIN.findall(plain) if word not in _COMMON]
    for run in _CHINESE.findall(plain):
        found += [a + b for a, b in pairwise(run)] or [run]
    return list(dict.fromkeys(found))[:WORDS_LIMIT]


def listing(ticket: Ticket) -> list[Write]:
    """The writes that put a new ticket in the lists of its words."""
    made = f"{MADE_PREFIX}{ticket.opened_at}#{ticket.ticket_id}"
    return [
        put(TicketLine(tickets_with_word(word), made, ticket_id=ticket.ticket_id))
        for word in words_of(ticket.subject)
    ]
