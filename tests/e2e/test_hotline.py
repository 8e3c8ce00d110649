"""A call on the running stack, as Amazon Connect makes it, and the call back."""

import json
import secrets

from infra.stack import Stack
from tests.e2e.conftest import new_agent, somebody
from tests.functions.support.calling import connect_event


def test_a_caller_is_verified_hears_and_is_called_back(stack: Stack) -> None:
    caller, contact_id = somebody(stack.addresses), secrets.token_hex(8)
    invoke = stack.place.client("lambda").invoke

    def step(do: str, **parameters: str) -> dict[str, str]:
        event = connect_event(do, caller.phone, contact_id, **parameters)
        answer = invoke(FunctionName=stack.outputs["AnswerHotline"], Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        said: dict[str, str] = json.loads(answer["Payload"].read())
        return said

    assert step("greet")["outcome"] == "number"
    assert step("withdrawal")["outcome"] == "not_verified"
    assert step("send_code")["outcome"] == "sent"
    assert step("verify", code=caller.code())["outcome"] == "verified"
    assert step("withdrawal")["outcome"] == "none"
    opened = step("ticket")
    assert opened["outcome"] == "opened"
    own = caller.must(200, "GET", f"/v1/support/tickets/{opened['ticket_id']}")
    assert opened["number"] in json.dumps(own)
    assert step("call_back", topic="2")["outcome"] == "booked"

    wish = {"topic": "Please call me"}
    booked = caller.must(202, "POST", "/v1/support/callbacks", wish)
    agent = new_agent(stack)
    due = agent.must(200, "GET", "/v1/agent/callbacks")["items"]
    if any(one["callback_id"] == booked["callback_id"] for one in due):  # in our hours
        path = f"/v1/agent/callbacks/{booked['callback_id']}"
        assert agent.must(200, "POST", f"{path}/take")["phone"] == caller.phone
        agent.must(200, "POST", f"{path}/outcome", {"outcome": "reached"})
