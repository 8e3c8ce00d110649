"""What a social network is to support, whichever it is.

Another network is one module with a class of this shape and a line in `networks.py`.
"""

from typing import NamedTuple, Protocol

from functions.support.incoming import Channel
from shared.errors import Problem, Texts
from shared.web import Received


class NotGenuine(Problem):
    status = 401
    code = "NOT_GENUINE"
    title = Texts("签名无效", "Not genuine")
    detail = Texts("请求的签名无效或已过期。", "It is not signed as it must be, or too old.")


class Said(NamedTuple):
    """A message as its network tells it. sender: how the network calls its writer, who is answered
    by that. message_id: the same when it is told again. at: seconds.
    """

    channel: Channel
    sender: str
    message_id: str
    text: str
    at: int


class Network(Protocol):
    """reply_window_seconds: how long after a message of theirs somebody may be answered.
    text_limit: bytes in UTF-8 that one answer may hold.
    """

    reply_window_seconds: int
    text_limit: int

    def echo(self, query: dict[str, str]) -> str:
        """What the network wants to hear when it is told our address. Raises NotGenuine."""

    def read(self, received: Received, query: dict[str, str]) -> list[Said]:
        """What people said; all else that it tells is left out. Raises NotGenuine, and
        MalformedMessage for what it would never send.
        """

    def send(self, channel: str, to: str, text: str) -> None:
        """Raises TryLater, Undeliverable."""


class MalformedMessage(Problem):
    status = 400
    code = "MALFORMED_MESSAGE"
    title = Texts("消息格式错误", "Malformed message")
    detail = Texts("消息不是此平台的格式。", "This is not what the network sends.")
