"""Two hundred devices of fifty users chat at once, and each is cut off while it writes.

The gateway is in this process: it gives each frame to a handler in a thread of its own, as each has
a container of its own, and knows of no socket that was cut.
"""

import io
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from urllib3 import HTTPResponse

from functions.identity.origin import Origin
from functions.identity.sessions import new_session
from functions.support.records import TicketLine, tickets_of
from functions.support.timeline import after
from shared.identifiers import derived_id
from shared.table import write
from tests.chatting import Device, Gateway
from tests.faults import refusal

USERS, DEVICES_EACH, AT_ONCE = 50, 4, 16


class Threaded(Gateway):
    """In the place of the network, for all threads."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def take(self, operation: str, url: str, body: bytes) -> bool:
        """False for a socket that is gone."""
        socket_id = unquote(url.rpartition("/@connections/")[2])
        with self.lock:
            if socket_id not in self.open:
                return False
            if operation == "DeleteConnection":
                self.open.discard(socket_id)
            else:
                self.frames.setdefault(socket_id, []).append(json.loads(body))
        return True


@pytest.fixture
def gateway(keys: None, isolated: None, monkeypatch: pytest.MonkeyPatch) -> Threaded:
    known, really_ask = Threaded(), Endpoint._do_get_response

    def ask(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        if operation_model.name not in ("PostToConnection", "DeleteConnection"):
            return really_ask(self, request, operation_model, context)
        if known.take(operation_model.name, request.url, request.body):
            nothing = HTTPResponse(io.BytesIO(), preload_content=False)
            return (AWSResponse(request.url, 200, {}, nothing), {}), None
        return refusal(410, "GoneException")

    monkeypatch.setattr(Endpoint, "_do_get_response", ask)
    return known


def test_two_hundred_devices_that_are_cut_off_lose_nothing_and_double_nothing(
    gateway: Threaded,
) -> None:
    users = [derived_id("u", str(number)) for number in range(USERS)]
    tokens = {user_id: signed_in(user_id) for user_id in users}
    devices = [(user_id, number) for user_id in users for number in range(DEVICES_EACH)]

    def chat(device: tuple[str, int]) -> Device:
        user_id, number = device
        return cut_off(gateway, tokens[user_id], f"{number}", random.Random(f"{device}"))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        there = dict(zip(devices, threads.map(chat, devices), strict=True))

    for user_id in users:
        (line,) = TicketLine.query(tickets_of(user_id), consistent_read=True)
        kept = [message.text for message in after(line.ticket_id, 0)]
        assert sorted(kept) == sorted(str(number) for number in range(DEVICES_EACH))
        for number in range(DEVICES_EACH):
            device = there[user_id, number]
            assert history(device, line.ticket_id) == kept


def signed_in(user_id: str) -> str:
    """The token of a session, written straight into the records."""
    session = new_session(user_id, Origin(None, "203.0.113.7", ""))
    write(session.starting)
    return session.tokens.access_token


def cut_off(gateway: Threaded, token: str, text: str, chance: random.Random) -> Device:
    """Says it on a socket that is lost meanwhile, and again on the next, until it is accepted."""
    first = Device(gateway)
    first.asks("authenticate", access_token=token)
    losing = threading.Timer(chance.random() / 5, first.vanishes)
    losing.start()
    first.asks("message", client_id=text, text=text)
    losing.join()
    device = Device(gateway)
    device.asks("authenticate", access_token=token)
    while not any(one["type"] == "accepted" for one in say(device, text)):
        continue
    return device


def say(device: Device, text: str) -> list[dict[str, Any]]:
    frames = device.asks("message", client_id=text, text=text)
    errors = [one for one in frames if one["type"] == "error" and one["status"] != 503]
    assert errors == []
    return frames


def history(device: Device, ticket_id: str) -> list[str]:
    frames = device.asks("history", ticket_id=ticket_id, after=0)
    (page,) = (one for one in frames if one["type"] == "history")
    return [message["text"] for message in page["items"]]
