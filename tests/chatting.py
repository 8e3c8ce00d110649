"""Devices that chat in tests: what API Gateway brings from their sockets, and what it gets back.

moto takes every frame for every socket; here it knows which are open, as API Gateway does.
"""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from moto.apigatewaymanagementapi.models import ApiGatewayManagementApiBackend
from moto.core.exceptions import JsonRESTError

from functions.support.chat.events import on_connect, on_disconnect, on_frame

_CONTEXT = SimpleNamespace(aws_request_id="test", function_name="test")
_numbers = itertools.count(1)


class Gone(JsonRESTError):
    code = 410

    def __init__(self) -> None:
        super().__init__("GoneException", "gone")


class Gateway:
    """Which sockets are open, and the frames that were written to each and not looked at yet."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.frames: dict[str, list[dict[str, Any]]] = {}

    def forget(self) -> None:
        self.open.clear()
        self.frames.clear()

    def __deepcopy__(self, memo: object) -> "Gateway":
        """It is outside of what a sweep takes back."""
        return self

    def post(self, _: object, data: bytes, connection_id: str) -> None:
        socket_id = self._opened(connection_id)
        self.frames.setdefault(socket_id, []).append(json.loads(data))

    def delete(self, _: object, connection_id: str) -> None:
        self.open.remove(self._opened(connection_id))

    def _opened(self, connection_id: str) -> str:
        socket_id = unquote(connection_id)
        if socket_id not in self.open:
            raise Gone
        return socket_id


@contextmanager
def gateway_of_tests(gateway: Gateway | None = None) -> Iterator[Gateway]:
    gateway = gateway or Gateway()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiGatewayManagementApiBackend, "post_to_connection", _method(gateway.post))
        patch.setattr(ApiGatewayManagementApiBackend, "delete_connection", _method(gateway.delete))
        yield gateway


def _method(function: Any) -> Any:
    return lambda self, *args, **named: function(self, *args, **named)


class Device:
    """One socket, from its opening on."""

    def __init__(self, gateway: Gateway, **headers: str) -> None:
        self.gateway = gateway
        self.socket_id = f"socket{next(_numbers)}="
        self.status = on_connect(self._event("CONNECT", headers=headers), _CONTEXT)["statusCode"]
        if self.status == 200:
            gateway.open.add(self.socket_id)

    @property
    def is_open(self) -> bool:
        return self.socket_id in self.gateway.open

    def signed_in(self, token: str, **more: Any) -> "Device":
        """After the first frame, which has to be answered well."""
        (ready,) = self.asks("authenticate", access_token=token, **more)
        assert ready["type"] == "ready", ready
        return self

    def send(self, text: str) -> None:
        """Any text as a frame."""
        on_frame(self._event("MESSAGE", body=text), _CONTEXT)

    def asks(self, action: str, **fields: Any) -> list[dict[str, Any]]:
        """Sends a frame; all that has come to this socket since the last look."""
        self.send(json.dumps({"action": action, **fields}))
        return self.came()

    def came(self) -> list[dict[str, Any]]:
        """What has come since the last look, also if the socket has been closed meanwhile."""
        return self.gateway.frames.pop(self.socket_id, [])

    def vanishes(self) -> None:
        """The connection is cut, and nobody hears of it."""
        self.gateway.open.discard(self.socket_id)

    def leaves(self) -> None:
        self.vanishes()
        on_disconnect(self._event("DISCONNECT"), _CONTEXT)

    def _event(self, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "requestContext": {
                "eventType": kind,
                "connectionId": self.socket_id,
                "requestId": f"{kind.lower()}-1",
                "apiId": "chat",
                "stage": "api",
                "domainName": "chat.execute-api.ap-southeast-1.amazonaws.com",
                "identity": {"sourceIp": "203.0.113.7"},
            },
            "isBase64Encoded": False,
            **more,
        }
