"""Sockets: opening one, knowing whose it is, finding all of somebody, writing to them, forgetting.

API Gateway holds the connections; what we know of them is in the table, so that any container may
write to any socket. One that is gone is forgotten when somebody writes to it, and by its time to
live at last.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition

from functions.agents.agent_check import agent_check
from functions.identity.session_check import SessionCheck, session_check
from functions.identity.tokens import Place
from functions.support.chat.models import FrameOut
from functions.support.chat.records import (
    ALL_AGENTS,
    Socket,
    SocketLine,
    socket_key,
    socket_line_key,
)
from shared import clock
from shared.aws import client
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, Found, delete, due_shard, put, put_new, read, update, write
from shared.web.problems import Unauthenticated

SILENT = "silent_chat"
_LINES_LIMIT = 100
_LASTS_SECONDS = 7_500  # API Gateway ends each after two hours


def open_socket(socket_id: str, *, language: str, address: str) -> None:
    """Remembers a socket that nobody has proved to be at yet; for a short while it may be so."""
    now = clock.seconds()
    put_new(
        Socket(
            *socket_key(socket_id)[1:],
            socket_id=socket_id,
            connected_at=now,
            language=language,
            address=address,
            due_shard=due_shard(SILENT, socket_id),
            due_at=now + settings().chat_authenticate_seconds,
            ttl=now + _LASTS_SECONDS,
        )
    )


def find_socket(socket_id: str) -> Socket | None:
    key = socket_key(socket_id)
    return read([key]).one(Socket, key)


def bind(socket: Socket, place: Place, *, language: str, rights_end_at: int) -> None:
    """Makes a socket that of a session, until its token ends. Raises Unauthenticated when it is
    somebody else's already, or was forgotten meanwhile.
    """
    line = SocketLine(
        *socket_line_key(place.owner_id, socket.socket_id)[1:],
        socket_id=socket.socket_id,
        connected_at=socket.connected_at,
        owner_id=place.owner_id,
        session_id=place.session_id,
        rights_end_at=rights_end_at,
        ttl=socket.ttl,
    )
    binding = update(
        Socket(socket.pk, socket.sk),
        [
            Socket.owner_id.set(place.owner_id),
            Socket.session_id.set(place.session_id),
            Socket.rights_end_at.set(rights_end_at),
            Socket.language.set(language),
            Socket.due_shard.remove(),
            Socket.due_at.remove(),
        ],
        Socket.owner_id.does_not_exist() & Socket.pk.exists() | (Socket.owner_id == place.owner_id),
    )
    anyhow = SocketLine.pk.exists() | SocketLine.pk.does_not_exist()
    try:
        write(binding, put(line, anyhow))
    except Cancelled as cancelled:
        raise Unauthenticated from cancelled


def sockets_of(owner_id: str) -> list[SocketLine]:
    """Those of an owner whose session still stands and whose token has not ended."""
    _, pk, prefix = socket_line_key(owner_id, "")
    return _with_rights(pk, SocketLine.sk.startswith(prefix) if prefix else None)


def sockets_of_agents() -> list[SocketLine]:
    """Those of all agents who are there."""
    return _with_rights(ALL_AGENTS, None)


def end_surplus(owner_id: str, *, newest: str) -> None:
    """Closes the oldest sockets of an owner, as far as there are too many."""
    others = [line for line in sockets_of(owner_id) if line.socket_id != newest]
    surplus = len(others) + 1 - settings().chat_sockets_per_owner
    if surplus > 0:
        oldest_first = sorted(others, key=lambda line: (line.connected_at, line.socket_id))
        for line in oldest_first[:surplus]:
            close(line.socket_id)


def send(lines: Iterable[SocketLine], frame: FrameOut) -> int:
    """Writes a frame to sockets; how many took it. A client that misses one finds it in history."""
    content = msgspec.json.encode(frame)
    return sum(_write(line.socket_id, content) for line in lines)


def answer(socket_id: str, frame: FrameOut) -> None:
    """Writes a frame to the one socket that has asked."""
    _write(socket_id, msgspec.json.encode(frame))


def close(socket_id: str) -> None:
    """Ends a socket: first what it may, then the connection, which is worth nothing without."""
    forget(socket_id)
    try:
        _gateway().delete_connection(ConnectionId=socket_id)
    except (BotoCoreError, ClientError) as error:
        if not _is_gone(error):
            logger.warning("chat_socket_not_closed", extra={"reason": type(error).__name__})


def forget(socket_id: str) -> Socket | None:
    """Takes a socket out of the records; gives what it was, or None when it was forgotten."""
    socket = find_socket(socket_id)
    if socket is None:
        return None
    gone = [delete(Socket(socket.pk, socket.sk))]
    if socket.owner_id:
        gone.append(delete(SocketLine(*socket_line_key(socket.owner_id, socket_id)[1:])))
    write(*gone)
    return socket


def check_of(owner_id: str) -> SessionCheck:
    """How sessions of this owner are checked."""
    return agent_check if owner_id.startswith("a_") else session_check


def _with_rights(pk: str, beginning: Condition | None) -> list[SocketLine]:
    """Whoever signed out, was locked or changed the password gets nothing more."""
    current = list(
        SocketLine.query(
            pk,
            beginning,
            filter_condition=SocketLine.rights_end_at > clock.seconds(),
            consistent_read=True,
            limit=_LINES_LIMIT,
        )
    )
    places = {Place(line.owner_id, line.session_id) for line in current}
    if not places:
        return []
    # Of an agent, two records; 50 places are within what one read takes.
    wanted = sorted(places)[:50]
    found = read([key for place in wanted for key in check_of(place.owner_id).keys_of(place)])
    standing = {place for place in wanted if _stands(found, place)}
    return [line for line in current if Place(line.owner_id, line.session_id) in standing]


def _stands(found: Found, place: Place) -> bool:
    try:
        check_of(place.owner_id).standing(found, place)
    except Unauthenticated:
        return False
    return True


def _write(socket_id: str, content: bytes) -> bool:
    try:
        _gateway().post_to_connection(ConnectionId=socket_id, Data=content)
    except (BotoCoreError, ClientError) as error:
        if _is_gone(error):
            forget(socket_id)
            count("ChatSocketsGone")
        else:
            logger.warning("chat_frame_not_sent", extra={"reason": type(error).__name__})
            count("ChatFramesNotSent")
        return False
    return True


def _is_gone(error: Exception) -> bool:
    return (
        isinstance(error, ClientError)
        and error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 410
    )


def _gateway() -> Any:
    return client("apigatewaymanagementapi", settings().chat_sockets_url)
