"""The address that answers to a ticket go to: `reply+<token>@...`.

The token is the ticket and a keyed digest of it, so nobody can make one, and nothing need be kept.
It opens nothing by itself: who writes there must belong to the ticket.
"""

import hmac
import re

from shared.identifiers import id_from_digest
from shared.secrets import keyed_digest
from shared.settings import settings

_TOKEN = re.compile(r"reply\+([a-z2-7]{26})([a-z2-7]{26})")
_TICKET_PREFIX = "tk"


def support_address() -> str:
    return f"support@{settings().support_mail_domain}"


def reply_address(ticket_id: str) -> str:
    _, _, letters = ticket_id.partition("_")
    return f"reply+{letters}{_proof(ticket_id)}@{settings().support_mail_domain}"


def ticket_named_by(recipient: str) -> str | None:
    """The id of the ticket that an address was made for; None for any other address."""
    local, _, domain = recipient.strip().strip("<>").lower().rpartition("@")
    found = _TOKEN.fullmatch(local)
    if found is None or domain != settings().support_mail_domain:
        return None
    ticket_id = f"{_TICKET_PREFIX}_{found[1]}"
    return ticket_id if hmac.compare_digest(found[2], _proof(ticket_id)) else None


def is_ours(address: str) -> bool:
    """Whether mail from there would be mail from ourselves."""
    domain = address.rpartition("@")[2].lower()
    return domain == settings().support_mail_domain or address == settings().mail_from


def _proof(ticket_id: str) -> str:
    return id_from_digest("", keyed_digest("reply address", ticket_id)).removeprefix("_")
