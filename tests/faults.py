"""Faults at the one place where a call leaves this process, and a sweep over all of them.

One call of `Endpoint._do_get_response` is one physical attempt at a call of any AWS service. What
goes wrong there is what can go wrong at all: the process dies before or after it, the request or
the answer gets lost, the service says that it is too busy.
"""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import pytest
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.retries import standard
from urllib3 import HTTPResponse

from shared import dynamodb
from shared.errors import ServiceUnavailable
from tests.clock import TestClock
from tests.conftest import (
    empty_tables,
    forget_secrets,
    ledger_items,
    restore_world,
    world_state,
)
from tests.soundness import check_sound

_CALLS_LIMIT = 200


class ProcessDied(BaseException):
    """The end of a process: nothing in it may catch this, as nothing catches SIGKILL."""


class Attempt(NamedTuple):
    """One physical attempt: the AWS operation, what is asked, and how to really make it."""

    operation: str
    request: Any
    make: Callable[[], Any]


class Fault(Enum):
    DIES_BEFORE = "the process dies before the call"
    DIES_AFTER = "the process dies after the call took effect"
    UNREACHABLE = "no connection"
    REQUEST_LOST = "the request is lost"
    RESPONSE_LOST = "the response is lost"
    FAILS_AFTER = "the service fails after the call took effect"
    THROTTLED = "throttled"
    CONFLICT = "in conflict with another transaction"

    def befall(self, attempt: Attempt) -> Any:
        """What the caller gets in the place of the answer."""
        if self in _WITH_EFFECT:
            attempt.make()
        match self:
            case Fault.DIES_BEFORE | Fault.DIES_AFTER:
                raise ProcessDied
            case Fault.UNREACHABLE:
                return None, EndpointConnectionError(endpoint_url="https://unreachable.example")
            case Fault.REQUEST_LOST | Fault.RESPONSE_LOST:
                return None, ReadTimeoutError(endpoint_url="https://silent.example")
            case Fault.FAILS_AFTER:
                return _refusal(500, "InternalServerError")
            case Fault.THROTTLED:
                return _refusal(400, "ThrottlingException")
            case Fault.CONFLICT:
                return _conflict(attempt)

    def can_befall(self, attempt: Attempt) -> bool:
        return self is not Fault.CONFLICT or attempt.operation in _WRITES


# What can happen to one call: the process dies before it or after its effect, the request is lost,
# or the answer is. Refusals are dealt with in one place below all operations, and swept there.
CUTS = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.REQUEST_LOST, Fault.RESPONSE_LOST)
THAT_LAST = (Fault.UNREACHABLE, Fault.RESPONSE_LOST, Fault.THROTTLED, Fault.CONFLICT)
_WITH_EFFECT = {Fault.DIES_AFTER, Fault.RESPONSE_LOST, Fault.FAILS_AFTER}
_WRITES = {"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"}


def _refusal(status: int, code: str, **more: Any) -> Any:
    parsed = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
        **more,
    }
    nothing = HTTPResponse(io.BytesIO(), preload_content=False)
    answer = AWSResponse("https://injected.example", status, {}, nothing)
    return (answer, parsed), None


def _conflict(attempt: Attempt) -> Any:
    if attempt.operation != "TransactWriteItems":
        return _refusal(400, "TransactionConflictException")
    parts = len(attempt.request["TransactItems"])
    return cancellation(["TransactionConflict"] + ["None"] * (parts - 1))


def cancellation(codes: list[str]) -> Any:
    """The answer to a cancelled `TransactWriteItems`, with a code for each of its parts."""
    reasons = [{"Code": code} for code in codes]
    return _refusal(400, "TransactionCanceledException", CancellationReasons=reasons)


@contextmanager
def intercepted(answer: Callable[[Attempt], Any]) -> Iterator[None]:
    """Every physical attempt at a call of AWS goes to `answer`; nothing waits between attempts."""
    make = Endpoint._do_get_response

    def attempted(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        is_json = isinstance(body, str) and body.startswith("{")  # a file goes up as a stream
        asked = json.loads(body) if is_json else body
        return answer(
            Attempt(
                operation_model.name, asked, lambda: make(self, request, operation_model, context)
            )
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "_do_get_response", attempted)
        patch.setattr(dynamodb, "_LONGEST_PAUSE_SECONDS", 0)
        patch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
        yield


@contextmanager
def watched() -> Iterator[list[Attempt]]:
    """The attempts that are made, in their order."""
    seen: list[Attempt] = []

    def answer(attempt: Attempt) -> Any:
        seen.append(attempt)
        return attempt.make()

    with intercepted(answer):
        yield seen


@dataclass
class Injection:
    """A fault at one attempt, counted from 1, or with `lasting` at all from there on."""

    fault: Fault
    at: int
    lasting: bool = False
    attempts: int = 0
    befell: list[str] = field(default_factory=list)

    def answer(self, attempt: Attempt) -> Any:
        if not self.fault.can_befall(attempt):
            return attempt.make()
        self.attempts += 1
        if self.attempts < self.at or (self.befell and not self.lasting):
            return attempt.make()
        self.befell.append(attempt.operation)
        return self.fault.befall(attempt)


class Swept(ABC):
    """An operation that a sweep puts through a fault at each of its calls.

    Each time it begins with the world and with the object itself as `prepare` left them, so it may
    remember things in itself.
    """

    # Whether others than AWS remember what was done: then each time needs people of its own.
    known_elsewhere = False

    @abstractmethod
    def prepare(self) -> None:
        """Makes what the operation needs, in an empty world."""

    @abstractmethod
    def act(self) -> Any:
        """The request with its key. Gives what its caller is told, and the same each time it is
        made again; raises ServiceUnavailable when the caller is told to try again."""

    @abstractmethod
    def check_done(self) -> None:
        """Asserts that the operation had its effect once."""

    @abstractmethod
    def run_sweepers(self) -> None:
        """What runs by schedule, a good while later."""

    def check_finally(self) -> None:
        """Asserts how things stand after the sweepers."""
        self.check_done()


class _Prepared:
    """An operation that is prepared, in its world, and can be taken as often as need be."""

    def __init__(self, operation: type[Swept], clock: TestClock) -> None:
        self._operation, self._clock = operation, clock
        self._prepare()
        if not operation.known_elsewhere:
            self._kept = deepcopy((self._swept, world_state(), clock.seconds))

    def take(self) -> Swept:
        if self._operation.known_elsewhere:
            self._prepare()
            return self._swept
        swept, world, self._clock.seconds = deepcopy(self._kept)
        restore_world(world)
        # A container that has just started must fetch its keys, and can fail at that too.
        forget_secrets()
        return swept

    def _prepare(self) -> None:
        empty_tables()
        self._swept = self._operation()
        self._swept.prepare()


def sweep(operation: type[Swept], fault: Fault, clock: TestClock, *, lasting: bool = False) -> int:
    """Puts an operation through a fault at each of its calls; gives how many it could befall."""
    prepared = _Prepared(operation, clock)
    for number in range(1, _CALLS_LIMIT):
        # What pytest shows of a failed sweep, and all that is needed to repeat it.
        print(f"{operation.__name__}: {fault.value}, call {number}, lasting={lasting}")
        if not _befall(prepared.take(), Injection(fault, number, lasting), clock):
            return number - 1
    raise AssertionError(f"{operation.__name__} makes calls without end")


def _befall(swept: Swept, injection: Injection, clock: TestClock) -> bool:
    """One point of a sweep; False when the operation has no call to which it can happen."""
    answers = []
    with intercepted(injection.answer), suppress(ServiceUnavailable):
        try:
            answers.append(swept.act())
        except ProcessDied:
            forget_secrets()
    if not injection.befell:
        return False
    for _ in range(2):
        clock.move(minutes=5)
        answers.append(swept.act())
    assert all(answer == answers[0] for answer in answers), answers
    check_sound(ledger_items())
    swept.check_done()
    clock.move(hours=40)
    swept.run_sweepers()
    check_sound(ledger_items())
    swept.check_finally()
    return True
