"""AsyncAPI 3.0, made from the very frames and actions that serve the chat."""

from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from functions.support.chat.authentication import authenticate
from functions.support.chat.edge import Action, Frames, FrameTooLarge
from functions.support.chat.models import (
    Authenticate,
    FrameIn,
    FrameOut,
    FramesIn,
    FramesOut,
    Ready,
    Refusal,
)
from shared.errors import Problem, ServiceUnavailable
from shared.rate_limit import TooManyRequests
from shared.settings import settings
from shared.web.problems import (
    InvalidField,
    MalformedJson,
    RoleRequired,
    Unauthenticated,
    UnknownField,
)

_SCHEMA = "#/components/schemas/{name}"
_CHANNEL = {"$ref": "#/channels/chat"}
_OF_EVERY_FRAME: set[type[Problem]] = {
    FrameTooLarge,
    InvalidField,
    MalformedJson,
    ServiceUnavailable,
    Unauthenticated,
    UnknownField,
}


def describe(frames: Frames) -> dict[str, Any]:
    """The AsyncAPI document. What a client sends is, from here, received."""
    models: list[Any] = [*get_args(FramesIn), *get_args(FramesOut)]
    _, schemas = msgspec.json.schema_components(models, ref_template=_SCHEMA)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "U Wallet: live chat",
            "version": "1",
            "description": (
                "A WebSocket for users and agents. The first frame is `authenticate`. "
                "Each message of a conversation has a sequence, from 1 on without a gap: a client "
                "drops what it has, and asks for the history after the last it has when one is "
                "missing."
            ),
        },
        "servers": {"chat": _server()},
        "channels": {
            "chat": {
                "address": "/",
                "servers": [{"$ref": "#/servers/chat"}],
                "messages": {
                    model.__name__: {"$ref": f"#/components/messages/{model.__name__}"}
                    for model in models
                },
            }
        },
        "operations": _operations(frames),
        "components": {
            "messages": {model.__name__: _message(model) for model in models},
            "schemas": schemas,
        },
    }


def _server() -> dict[str, str]:
    address = urlsplit(settings().chat_sockets_url)
    return {
        "host": address.netloc,
        "pathname": address.path,
        "protocol": "wss" if address.scheme == "https" else "ws",
    }


def _operations(frames: Frames) -> dict[str, Any]:
    acting = frames.actions.items()
    answers = {Ready, Refusal, *(action.answers for _, action in acting)}
    untold = [frame for frame in get_args(FramesOut) if frame not in answers]
    return {
        "authenticate": _received(Authenticate, authenticate, Ready, {RoleRequired}),
        **{str(_tag(frame)): _acted_on(frame, action) for frame, action in acting},
        "tell": {
            "action": "send",
            "channel": _CHANNEL,
            "summary": "What comes without being asked for, to all devices of those concerned.",
            "messages": [_message_reference(frame) for frame in untold],
        },
    }


def _acted_on(frame: type[FrameIn], action: Action) -> dict[str, Any]:
    described = _received(
        frame, action.act, action.answers, {RoleRequired, TooManyRequests, *action.problems}
    )
    if action.for_agents:
        described["description"] = f"For agents only. {described['description']}"
    return described


def _received(
    frame: type[FrameIn],
    act: Callable[..., Any],
    answer: type[FrameOut] | None,
    problems: set[type[Problem]],
) -> dict[str, Any]:
    answers: list[type[FrameOut]] = [Refusal] if answer is None else [answer, Refusal]
    codes = sorted({problem.code for problem in problems | _OF_EVERY_FRAME})
    return {
        "action": "receive",
        "channel": _CHANNEL,
        "summary": _first_line(act),
        "description": f"Refused with: {', '.join(codes)}.",
        "messages": [_message_reference(frame)],
        "reply": {
            "channel": _CHANNEL,
            "messages": [_message_reference(answer) for answer in answers],
        },
    }


def _message(model: type[FrameIn] | type[FrameOut]) -> dict[str, Any]:
    return {
        "name": _tag(model),
        "contentType": "application/json",
        "summary": _first_line(model),
        "payload": {"$ref": _SCHEMA.format(name=model.__name__)},
    }


def _message_reference(model: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/channels/chat/messages/{model.__name__}"}


def _tag(model: type[Any]) -> Any:
    return model.__struct_config__.tag


def _first_line(described: Any) -> str:
    return (described.__doc__ or "").strip().splitlines()[0]
