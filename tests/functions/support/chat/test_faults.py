"""A message under every fault at every call: kept once, accepted, and found by both sides."""

from typing import Any

import pytest

from functions.support.delivery import send_waiting
from functions.support.timeline import after
from shared.errors import ServiceUnavailable
from tests.agents import at_work
from tests.chatting import Device, Gateway, gateway_of_tests
from tests.clock import TestClock
from tests.faults import Fault, Swept, sweep
from tests.functions.bank_cards import unused_phone
from tests.functions.support.chat.test_talking import begin, only
from tests.people import register

_gateway = Gateway()


def accepted(frames: list[dict[str, Any]]) -> tuple[str, int]:
    """Where the message is. Whoever hears nothing, or that it failed, sends it again."""
    for frame in frames:
        if frame["type"] == "accepted":
            return frame["ticket_id"], frame["sequence"]
    raise ServiceUnavailable


class UserSays(Swept):
    """The first message of a user, which opens a ticket and makes an agent listen."""

    text = "My payment failed."

    def prepare(self) -> None:
        _gateway.forget()
        user = register(unused_phone(), pay_password=False)
        self.phone = Device(_gateway).signed_in(user.token)
        self.desk = Device(_gateway).signed_in(at_work("amy@u-wallet.example", "agent").token)

    def act(self) -> Any:
        said = accepted(self.phone.asks("message", client_id="1", text=self.text))
        self.ticket_id = said[0]
        return said

    def check_done(self) -> None:
        assert [(int(one.sequence), one.text) for one in after(self.ticket_id, 0)] == [
            (1, self.text)
        ]
        assert any(one["type"] == "waiting" for one in self.desk.came())

    def run_sweepers(self) -> None:
        send_waiting()

    def check_finally(self) -> None:
        assert len(after(self.ticket_id, 0)) == 1


class AgentAnswers(Swept):
    """An answer of an agent, which is on its way until the user's devices have it."""

    text = "Which one?"

    def prepare(self) -> None:
        _gateway.forget()
        user = register(unused_phone(), pay_password=False)
        self.phone = Device(_gateway).signed_in(user.token)
        self.desk = Device(_gateway).signed_in(at_work("amy@u-wallet.example", "agent").token)
        self.ticket_id = begin(self.phone)
        only("taken", self.desk.asks("take", ticket_id=self.ticket_id))
        self.phone.came()

    def act(self) -> Any:
        fields = {"client_id": "1", "ticket_id": self.ticket_id, "text": self.text}
        return accepted(self.desk.asks("message", **fields))

    def check_done(self) -> None:
        assert [one.text for one in after(self.ticket_id, 1)] == [self.text]

    def run_sweepers(self) -> None:
        send_waiting()

    def check_finally(self) -> None:
        self.check_done()
        assert after(self.ticket_id, 1)[0].delivery == "sent"


# One lost request is as good as another to an operation that begins anew; each is swept once.
@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (UserSays, Fault.DIES_AFTER),
        (UserSays, Fault.RESPONSE_LOST),
        (AgentAnswers, Fault.DIES_BEFORE),
        (AgentAnswers, Fault.REQUEST_LOST),
    ],
)
def test_a_message_stands_once_whatever_happens(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    with gateway_of_tests(_gateway):
        assert sweep(operation, fault, test_clock) > 10
