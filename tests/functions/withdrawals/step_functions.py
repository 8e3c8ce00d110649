"""Step Functions in the process of the test, as far as our state machines go.

It reads the definition that is deployed and calls the functions that are deployed. Where AWS would
wait, it moves the clock of the test. What it does not know it refuses, so that no field of a
definition passes as if it worked. Written from the Amazon States Language and the service's API.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from urllib3 import HTTPResponse

from app import app
from functions.identity import sealed
from shared import clock, secrets
from tests.clock import TestClock
from tests.faults import ProcessDied

RUNNING, SUCCEEDED, FAILED = "RUNNING", "SUCCEEDED", "FAILED"
_STEPS_LIMIT = 500
_KNOWN_FIELDS = {
    "Task": {
        "Comment", "Type", "Resource", "Parameters", "ResultSelector", "ResultPath", "Retry",
        "Catch", "TimeoutSeconds", "HeartbeatSecondsPath", "Next",
    },
    "Choice": {"Comment", "Type", "Choices", "Default"},
    "Wait": {"Comment", "Type", "SecondsPath", "TimestampPath", "Next"},
    "Succeed": {"Comment", "Type"},
    "Fail": {"Comment", "Type", "Error", "Cause"},
}  # fmt: skip
_KNOWN_RETRY = {
    "ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds",
    "JitterStrategy",
}  # fmt: skip


def definition_of(path: Path) -> dict[str, Any]:
    """A definition with the substitutions of the template carried out, and all of it known."""
    text = path.read_text().replace("${Partition}", "aws")
    definition: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", text))
    assert definition.keys() <= {"Comment", "StartAt", "TimeoutSeconds", "States"}
    for name, state in definition["States"].items():
        assert state.keys() <= _KNOWN_FIELDS[state["Type"]], name
        assert all(retry.keys() <= _KNOWN_RETRY for retry in state.get("Retry", ())), name
    return definition


def transitions_of(definition: dict[str, Any]) -> set[tuple[str, str]]:
    """Every way from one state to another that the definition has."""
    found = set()
    for name, state in definition["States"].items():
        targets = [state.get("Next"), state.get("Default")]
        targets += [one["Next"] for one in [*state.get("Choices", ()), *state.get("Catch", ())]]
        found |= {(name, target) for target in targets if target}
    return found


class TaskFailed(Exception):
    """A task came to an end with an error of this name."""


@dataclass
class Execution:
    """One run of a state machine. at: the present state, or the last. way: the states entered.

    token: what it waits under for an answer, while it does.
    """

    name: str
    at: str
    data: Any
    status: str = RUNNING
    way: list[str] = field(default_factory=list)
    token: str | None = None
    tries: dict[int, int] = field(default_factory=dict)

    def go_to(self, state: str, data: Any) -> None:
        self.at, self.data, self.token = state, data, None
        self.tries = {}
        self.way.append(state)


class StepFunctions:
    """One state machine and its executions, behind the endpoint of the service.

    throttled: whether it refuses all that its clients ask.
    """

    throttled = False

    def __init__(self, definition: dict[str, Any], test_clock: TestClock) -> None:
        self.definition = definition
        self.executions: dict[str, Execution] = {}
        self._states = definition["States"]
        self._clock = test_clock
        self._tokens = count(1)

    # ---- what the service answers to its clients

    def start_execution(self, asked: dict[str, Any]) -> Any:
        name = asked["name"]
        earlier = self.executions.get(name)
        if earlier is not None and earlier.status != RUNNING:
            return _refusal("ExecutionAlreadyExists")
        if earlier is None:
            execution = Execution(name, "", None)
            execution.go_to(self.definition["StartAt"], json.loads(asked["input"]))
            self.executions[name] = execution
        return _answer({"executionArn": f"{asked['stateMachineArn']}:{name}", "startDate": 0})

    def send_task_success(self, asked: dict[str, Any]) -> Any:
        execution = self._waiting(asked["taskToken"])
        if execution is None:
            return _refusal("TaskTimedOut")
        self._end_task(execution, json.loads(asked["output"]))
        return _answer({})

    def send_task_heartbeat(self, asked: dict[str, Any]) -> Any:
        if self._waiting(asked["taskToken"]) is None:
            return _refusal("TaskTimedOut")
        return _answer({})

    # ---- what the test does with executions

    def run(self) -> None:
        """Until every execution has ended or waits under a token."""
        for _ in range(_STEPS_LIMIT):
            ready = [one for one in self.executions.values() if _can_go_on(one)]
            if not ready:
                return
            for execution in ready:
                self.step(execution)
        raise AssertionError("an execution goes on without end")

    def step(self, execution: Execution) -> None:
        """Carries out its present state once."""
        state = self._states[execution.at]
        match state["Type"]:
            case "Task":
                self._do_task(execution, state)
            case "Choice":
                execution.go_to(_chosen(state, execution.data), execution.data)
            case "Wait":
                self._clock.move(seconds=_seconds_to_wait(state, execution.data))
                execution.go_to(state["Next"], execution.data)
            case "Succeed":
                execution.status = SUCCEEDED
            case "Fail":
                execution.status = FAILED

    def fall_silent(self, execution: Execution) -> None:
        """Nobody answers or gives a sign of life, for as long as the state lets that be."""
        assert execution.token
        state = self._states[execution.at]
        seconds = _at(state["HeartbeatSecondsPath"], execution.data)
        assert 0 < seconds < state["TimeoutSeconds"]
        self._clock.move(seconds=seconds)
        self.fail_task(execution, "States.HeartbeatTimeout")

    def fail_task(self, execution: Execution, error: str) -> None:
        """The present task came to an end with an error of this name."""
        state = self._states[execution.at]
        execution.token = None
        for number, retry in enumerate(state["Retry"]):
            if _names(retry, error):
                tried = execution.tries.get(number, 0)
                if tried < retry["MaxAttempts"]:
                    execution.tries[number] = tried + 1
                    pause = retry["IntervalSeconds"] * retry["BackoffRate"] ** tried
                    self._clock.move(seconds=min(pause, retry["MaxDelaySeconds"]))
                    return
                break
        catch = next(one for one in state["Catch"] if _names(one, error))
        told = {"Error": error, "Cause": "injected"}
        execution.go_to(catch["Next"], _placed(catch["ResultPath"], execution.data, told))

    def kill(self, execution: Execution) -> None:
        """The execution comes to an end that no state of it has caused."""
        execution.status, execution.token = FAILED, None

    def redrive(self, execution: Execution) -> None:
        """Goes on from the state at which it failed, with what that was given."""
        assert execution.status == FAILED
        execution.status, execution.tries = RUNNING, {}

    def _do_task(self, execution: Execution, state: dict[str, Any]) -> None:
        resource, _, waits = state["Resource"].partition(".")
        assert resource == "arn:aws:states:::lambda:invoke"
        assert waits in ("", "waitForTaskToken")
        token = f"token-{next(self._tokens)}" if waits else None
        context = {"Task": {"Token": token}}
        asked = _filled(state["Parameters"], execution.data, context)
        execution.token = token
        try:
            answer = _invoked(asked["FunctionName"], asked["Payload"])
        except TaskFailed as error:
            self.fail_task(execution, str(error))
            return
        if not waits:
            self._end_task(execution, answer)

    def _end_task(self, execution: Execution, answer: Any) -> None:
        state = self._states[execution.at]
        if "ResultSelector" in state:
            answer = _filled(state["ResultSelector"], {"Payload": answer}, {})
        path = state["ResultPath"]
        data = execution.data if path is None else _placed(path, execution.data, answer)
        execution.go_to(state["Next"], data)

    def _waiting(self, token: str) -> Execution | None:
        found = (one for one in self.executions.values() if one.token == token)
        return next(found, None)


@contextmanager
def served(machine: StepFunctions) -> Iterator[None]:
    """The clients of this process reach it instead of AWS. Put it before any faults."""
    make = Endpoint._do_get_response
    operations: dict[str, Callable[[dict[str, Any]], Any]] = {
        "StartExecution": machine.start_execution,
        "SendTaskSuccess": machine.send_task_success,
        "SendTaskHeartbeat": machine.send_task_heartbeat,
    }

    def answer(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        if operation_model.service_model.service_name != "stepfunctions":
            return make(self, request, operation_model, context)
        if machine.throttled:
            return _refusal("ThrottlingException")
        return operations[operation_model.name](json.loads(request.body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "_do_get_response", answer)
        yield


def _invoked(function: str, payload: Any) -> Any:
    """What a function answers, over the wire as it were. Raises TaskFailed."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()
    context = SimpleNamespace(aws_request_id="test", function_name=name)
    try:
        answer = app.handler_map[name](json.loads(json.dumps(payload)), context)
    except ProcessDied as error:
        # Clients stay, for building them takes longer than all the rest.
        secrets.forget()
        sealed.forget()
        raise TaskFailed("Lambda.Unknown") from error
    except Exception as error:
        raise TaskFailed(type(error).__name__) from error
    return json.loads(json.dumps(answer))


def _names(handler: dict[str, Any], error: str) -> bool:
    return error in handler["ErrorEquals"] or "States.ALL" in handler["ErrorEquals"]


def _chosen(state: dict[str, Any], data: Any) -> str:
    for rule in state["Choices"]:
        assert rule.keys() == {"Variable", "StringEquals", "Next"}
        if _at(rule["Variable"], data) == rule["StringEquals"]:
            return str(rule["Next"])
    return str(state["Default"])


def _seconds_to_wait(state: dict[str, Any], data: Any) -> float:
    if "SecondsPath" in state:
        return float(_at(state["SecondsPath"], data))
    until = datetime.fromisoformat(_at(state["TimestampPath"], data)).timestamp()
    return max(0, until - clock.milliseconds() / 1000)


def _at(path: str, data: Any) -> Any:
    """The value at a path like `$.a.b`. Raises KeyError, as AWS ends an execution there."""
    assert re.fullmatch(r"\$(\.\w+)+", path), path
    for name in path.split(".")[1:]:
        data = data[name]
    return data


def _placed(path: str, data: dict[str, Any], value: Any) -> dict[str, Any]:
    assert re.fullmatch(r"\$\.\w+", path), path
    return data | {path.removeprefix("$."): value}


def _filled(template: dict[str, Any], data: Any, context: dict[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, value in template.items():
        if isinstance(value, dict):
            filled[name] = _filled(value, data, context)
        elif name.endswith(".$"):
            of_context = value.startswith("$$.")
            found = _at(value[1:], context) if of_context else _at(value, data)
            filled[name.removesuffix(".$")] = found
        else:
            filled[name] = value
    return filled


def _can_go_on(execution: Execution) -> bool:
    return execution.status == RUNNING and execution.token is None


def _answer(parsed: dict[str, Any], status: int = 200) -> Any:
    told = {**parsed, "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}}}
    nothing = HTTPResponse(io.BytesIO(), preload_content=False)
    return (AWSResponse("https://states.example", status, {}, nothing), told), None


def _refusal(code: str) -> Any:
    return _answer({"Error": {"Code": code, "Message": "refused"}}, 400)
