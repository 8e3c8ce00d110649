"""Webhooks of social networks. Each has its own address, which only who signs gets through."""

from typing import Any

import msgspec

from functions.support.social.models import MetaQuery, WechatQuery
from functions.support.social.networks import network
from functions.support.social.port import MalformedMessage, NotGenuine
from functions.support.social.receiving import receive
from shared.errors import NotFound
from shared.web import Api, Call, Received, Reply

api = Api(__name__)
_PROBLEMS = (MalformedMessage, NotFound, NotGenuine)


@api.operation(
    "GET",
    "/v1/notifications/wechat",
    query=WechatQuery,
    answers={200: str},
    problems=_PROBLEMS,
    public=True,
)
def verify_wechat(call: Call[None]) -> Reply:
    """WeChat makes sure that the address is ours."""
    return Reply(200, network("wechat").echo(_texts(call)))


@api.operation(
    "POST",
    "/v1/notifications/wechat",
    body=Received,
    query=WechatQuery,
    answers={200: str},
    problems=_PROBLEMS,
    public=True,
)
def wechat_message(call: Call[Received]) -> Reply:
    """WeChat tells of a message; the word says that nothing is answered at once."""
    receive("wechat", call.body, _texts(call))
    return Reply(200, "success")


@api.operation(
    "GET",
    "/v1/notifications/meta",
    query=MetaQuery,
    answers={200: str},
    problems=_PROBLEMS,
    public=True,
)
def verify_meta(call: Call[None]) -> Reply:
    """Meta makes sure that the address is ours."""
    return Reply(200, network("meta").echo(_texts(call)))


@api.operation(
    "POST",
    "/v1/notifications/meta",
    body=Received,
    answers={204: None},
    problems=_PROBLEMS,
    public=True,
)
def meta_message(call: Call[Received]) -> Reply:
    """Messenger or WhatsApp tells of messages."""
    receive("meta", call.body, {})
    return Reply(204)


def _texts(call: Call[Any]) -> dict[str, str]:
    """The query by the names that the network gives."""
    texts: dict[str, str] = msgspec.to_builtins(call.query)
    return texts
