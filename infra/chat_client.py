"""A client of the live chat, as a demo and end-to-end tests need one, and as an app would do it.

It shows each message once and in its order, whatever comes twice, in another order or not at all:
what counts is the sequence. One that it has is dropped; when one is missing it asks for the history
after the last it has; and what was not accepted is sent again under the same id.
"""

import asyncio
import json
import secrets
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_ANSWER_SECONDS = 60
_PATIENCE_SECONDS = 3
_TRIES = 10
_PAGE = 100
Frame = dict[str, Any]


class ChatRefused(Exception):
    """The wallet refused a frame; the argument is its answer."""


class Disconnected(Exception):
    """The connection ended before the answer came."""


class ChatClient:
    """One device of somebody who chats.

    messages: by ticket, each once and in order. others: frames that are neither a message nor an
    answer, as they came. dropped: how many messages came again.
    """

    def __init__(self, chat_url: str, access_token: str, *, language: str = "en") -> None:
        self.messages: dict[str, list[Frame]] = defaultdict(list)
        self.others: list[Frame] = []
        self.ready: Frame = {}
        self.dropped = 0
        self._url = chat_url
        self._token = access_token
        self._language = language
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._gaps: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.come()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.leave()

    async def come(self) -> None:
        """Connects, says who it is, and fetches what it has missed.

        Raises ChatRefused, Disconnected.
        """
        self._socket = await connect(self._url, open_timeout=_ANSWER_SECONDS)
        self._reader = asyncio.create_task(self._read(self._socket))
        proof = {"access_token": self._token, "language": self._language}
        self.ready = await self.ask("authenticate", **proof)
        for ticket_id in list(self.messages):
            await self.catch_up(ticket_id)

    async def leave(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._forget()

    async def cut(self) -> None:
        """The connection is lost, without a word to the other end."""
        if self._socket is not None:
            self._socket.transport.abort()
        await self._forget()

    async def ask(self, action: str, **fields: Any) -> Frame:
        """Sends a frame and gives its answer.

        Raises ChatRefused, Disconnected, and TimeoutError when no answer comes.
        """
        client_id = fields.setdefault("client_id", secrets.token_urlsafe(12))
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[client_id] = answer
        try:
            await self.tell(action, **fields)
            answered = await asyncio.wait_for(answer, _ANSWER_SECONDS)
        finally:
            del self._answers[client_id]
        if answered["type"] == "error":
            raise ChatRefused(answered)
        return answered

    async def tell(self, action: str, **fields: Any) -> None:
        """Sends a frame that needs no answer. Raises Disconnected."""
        if self._socket is None:
            raise Disconnected
        try:
            await self._socket.send(json.dumps({"action": action, **fields}))
        except ConnectionClosed as closed:
            raise Disconnected from closed

    async def say(
        self, text: str, ticket_id: str | None = None, *, client_id: str | None = None
    ) -> Frame:
        """Says something once, however often the connection is lost.

        client_id: of what may have been said before. Raises ChatRefused, Disconnected.
        """
        fields = {"client_id": client_id or secrets.token_urlsafe(12), "text": text}
        fields |= {} if ticket_id is None else {"ticket_id": ticket_id}
        for _ in range(_TRIES):
            try:
                accepted = await self.ask("message", **fields)
            except (Disconnected, TimeoutError):
                await self.cut()
                await self.come()
                continue
            await self.until(accepted["ticket_id"], accepted["sequence"])
            return accepted
        raise Disconnected

    async def catch_up(self, ticket_id: str) -> None:
        """Fetches what was said after the last message it has."""
        known = self.messages[ticket_id]
        newest = len(known) + 1
        while len(known) < newest:
            wish = {"ticket_id": ticket_id, "after": len(known), "limit": _PAGE}
            page = await self.ask("history", **wish)
            newest = page["sequence"]
            for message in page["items"]:
                await self._keep(ticket_id, message)

    async def until(self, ticket_id: str, count: int) -> list[Frame]:
        """The messages of a ticket, as soon as there are so many; what does not come is fetched.

        Raises TimeoutError.
        """
        known = self.messages[ticket_id]
        async with asyncio.timeout(_ANSWER_SECONDS):
            while len(known) < count:
                try:
                    async with asyncio.timeout(_PATIENCE_SECONDS), self._news:
                        await self._news.wait_for(lambda: len(known) >= count)
                except TimeoutError:
                    await self.catch_up(ticket_id)
        return known

    async def other(self, kind: str) -> Frame:
        """Takes out the first frame of a kind that is neither a message nor an answer."""
        async with asyncio.timeout(_ANSWER_SECONDS), self._news:
            await self._news.wait_for(lambda: kind in {one["type"] for one in self.others})
        found = next(one for one in self.others if one["type"] == kind)
        self.others.remove(found)
        return found

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                await self._get(json.loads(text))
        except ConnectionClosed:
            pass  # As when the other end says good-bye: who waits for an answer hears of it.
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(Disconnected())

    async def _get(self, frame: Frame) -> None:
        if frame.get("client_id") in self._answers:
            self._answers[frame["client_id"]].set_result(frame)
        elif frame["type"] != "message":
            await self._note(frame)
        elif not await self._keep(frame["ticket_id"], frame["message"]):
            # Not here, where the answer comes in.
            self._gaps.add(asyncio.create_task(self.catch_up(frame["ticket_id"])))

    async def _keep(self, ticket_id: str, message: Frame) -> bool:
        """False when one is missing before it."""
        known = self.messages[ticket_id]
        if message["sequence"] > len(known) + 1:
            return False
        if message["sequence"] <= len(known):
            self.dropped += 1
            return True
        async with self._news:
            known.append(message)
            self._news.notify_all()
        return True

    async def _note(self, frame: Frame) -> None:
        async with self._news:
            self.others.append(frame)
            self._news.notify_all()

    async def _forget(self) -> None:
        tasks = {*self._gaps, *([self._reader] if self._reader else [])}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._gaps.clear()
        self._socket = self._reader = None
