"""Closing sockets at which nobody has proved to be anybody in time."""

from collections.abc import Iterator
from itertools import chain

from functions.support.chat.records import Socket
from functions.support.chat.sockets import SILENT, close
from shared import clock
from shared.sweep import sweep
from shared.table import due_shards

_RUN_LIMIT = 500


def close_silent() -> int:
    """How many there were. Raises SweepIncomplete."""
    return sweep("close_silent_chats", _due(), lambda socket: close(socket.socket_id))


def _due() -> Iterator[Socket]:
    now = clock.seconds()
    return chain.from_iterable(
        Socket.due.query(shard, Socket.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(SILENT)
    )
