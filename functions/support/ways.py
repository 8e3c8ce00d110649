"""How a person is reached on each channel of a ticket; addresses are kept sealed."""

from functions.identity.sealed import open_sealed, place, seal
from functions.support.incoming import Incoming, WayBack
from functions.support.records import Ticket, Way, way_key
from shared.secrets import keyed_hash
from shared.table import Write, put, read


def contact_digest(address: str) -> str:
    """What tickets of an address are found by, in every spelling that a channel gives it."""
    return keyed_hash("support contact", address.strip().casefold())


def contact_of(incoming: Incoming) -> str | None:
    address = incoming.way_back and incoming.way_back.address
    return contact_digest(address) if address else None


def remembering(ticket_id: str, incoming: Incoming) -> list[Write]:
    """Keeps the way back that came with a message. Raises ServiceUnavailable."""
    given = incoming.way_back
    return [] if given is None else [_keeping(ticket_id, incoming.channel, given)]


def copying(ticket: Ticket, new_id: str) -> list[Write]:
    """The way back of a ticket, sealed anew for another of the same person."""
    way = way_of(ticket.ticket_id, ticket.last_channel)
    if way == WayBack():
        return []
    return [_keeping(new_id, ticket.last_channel, way)]


def way_of(ticket_id: str, channel: str) -> WayBack:
    """How its person is reached there, as far as anybody said. Raises SealBroken,
    ServiceUnavailable.
    """
    key = way_key(ticket_id, channel)
    way = read([key]).one(Way, key)
    if way is None:
        return WayBack()
    address = way.address and open_sealed(way.address, of=place(key, "address"))
    return WayBack(address, way.details)


def _keeping(ticket_id: str, channel: str, given: WayBack) -> Write:
    key = way_key(ticket_id, channel)
    way = Way(
        *key[1:],
        channel=channel,
        address=seal(given.address, of=place(key, "address")) if given.address else None,
        contact=contact_digest(given.address) if given.address else None,
        details=given.details,
    )
    return put(way, Way.pk.exists() | Way.pk.does_not_exist())
