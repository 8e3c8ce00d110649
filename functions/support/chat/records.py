"""The records of the live chat, in the table `records`.

| record     | pk                      | sk                            |
|------------|-------------------------|-------------------------------|
| Socket     | `SOCKET#<socket id>`    | `SOCKET`                      |
| SocketLine | `SOCKETS#<user id>`     | `<socket id>`                 |
|            | `SOCKETS#AGENTS`        | `<agent id>#<socket id>`      |
| Current    | `CHAT#<user id>`        | `CURRENT`                     |
| Seen       | `CHAT_SEEN#<ticket id>` | `user` or `agent`             |

What was said is in the ticket, as that of every channel.
"""

from pynamodb.attributes import UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

ALL_AGENTS = "SOCKETS#AGENTS"


class Socket(DomainRecord):
    """A WebSocket connection that API Gateway holds for us. Times are seconds.

    `owner_id` and `session_id` are of whoever has proved to be at its other end; until then it
    waits in the index `due`. `rights_end_at` is when the token ends that proved it.
    """

    socket_id = UnicodeAttribute()
    connected_at = IntegerAttribute()
    language = UnicodeAttribute()
    address = UnicodeAttribute()
    owner_id = UnicodeAttribute(null=True)
    session_id = UnicodeAttribute(null=True)
    rights_end_at = IntegerAttribute(null=True)


class SocketLine(DomainRecord):
    """Where a socket is found by whose it is; the rest as in the socket."""

    socket_id = UnicodeAttribute()
    connected_at = IntegerAttribute()
    owner_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    rights_end_at = IntegerAttribute()


class Current(DomainRecord):
    """Which ticket a user chats in now, if it is still open."""

    ticket_id = UnicodeAttribute()


class Seen(DomainRecord):
    """Up to which message one side of a conversation has read."""

    sequence = IntegerAttribute()
    at = UnicodeAttribute()


def socket_key(socket_id: str) -> Key:
    return Key(Socket, f"SOCKET#{socket_id}", "SOCKET")


def socket_line_key(owner_id: str, socket_id: str) -> Key:
    """`socket_id` may be empty: then it is what the sort keys of all of an owner begin with."""
    if owner_id.startswith("a_"):
        return Key(SocketLine, ALL_AGENTS, f"{owner_id}#{socket_id}")
    return Key(SocketLine, f"SOCKETS#{owner_id}", socket_id)


def current_key(user_id: str) -> Key:
    return Key(Current, f"CHAT#{user_id}", "CURRENT")


def seen_key(ticket_id: str, side: str) -> Key:
    """side: `user` or `agent`."""
    return Key(Seen, f"CHAT_SEEN#{ticket_id}", side)
