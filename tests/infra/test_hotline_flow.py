"""The flow of the hotline: it leads somewhere from everywhere, and asks what there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.support.hotline import call
from functions.support.hotline.line import _OUTCOMES, STEPS
from functions.support.hotline.texts import QUESTIONS, SAYINGS

PROJECT = Path(__file__).resolve().parents[2]
FLOW = json.loads((PROJECT / "infra" / "hotline.flow.json").read_text())
BLOCKS: dict[str, Any] = {block["Identifier"]: block for block in FLOW["Actions"]}
INVOKING = [one for one in BLOCKS.values() if one["Type"] == "InvokeLambdaFunction"]
ERRORS = {
    "InvokeLambdaFunction": {"NoMatchingError"},
    "Compare": {"NoMatchingCondition"},
    "TransferContactToQueue": {"NoMatchingError", "QueueAtCapacity"},
}


def ways_from(block: Any) -> set[str]:
    leading = block["Transitions"]
    ways = [leading] if "NextAction" in leading else []
    ways += [*leading.get("Errors", []), *leading.get("Conditions", [])]
    return {way["NextAction"] for way in ways}


def test_every_transition_leads_to_a_block_and_every_block_is_reached() -> None:
    assert len(BLOCKS) == len(FLOW["Actions"])
    reached, waiting = set[str](), [FLOW["StartAction"]]
    while waiting:
        name = waiting.pop()
        assert name in BLOCKS
        if name not in reached:
            reached.add(name)
            waiting += ways_from(BLOCKS[name])
    assert reached == BLOCKS.keys()


def test_a_call_can_end_from_everywhere() -> None:
    ending = {name for name, block in BLOCKS.items() if block["Type"] == "DisconnectParticipant"}
    while more := {name for name in BLOCKS if ways_from(BLOCKS[name]) & ending} - ending:
        ending |= more
    assert ending == BLOCKS.keys()


@pytest.mark.parametrize("block", INVOKING, ids=lambda one: one["Identifier"])
def test_each_function_that_is_invoked_is_there_and_knows_the_step(
    block: Any, template: Any
) -> None:
    named = re.fullmatch(r"\$\{(\w+)\.Arn\}", block["Parameters"]["LambdaFunctionARN"])
    assert named
    assert template["Resources"][named[1]]["Type"] == "AWS::Serverless::Function"
    assert block["Parameters"]["LambdaInvocationAttributes"]["do"] in STEPS
    assert int(block["Parameters"]["InvocationTimeLimitSeconds"]) <= 8
    assert template["Resources"][named[1]]["Properties"]["Timeout"] < 8


def test_every_step_is_asked_for() -> None:
    asked = {one["Parameters"]["LambdaInvocationAttributes"]["do"] for one in INVOKING}
    assert asked == STEPS.keys()


def test_what_can_go_wrong_leads_somewhere() -> None:
    for block in BLOCKS.values():
        caught = {one["ErrorType"] for one in block["Transitions"].get("Errors", [])}
        assert caught >= ERRORS.get(block["Type"], set()), block["Identifier"]


def test_it_branches_on_outcomes_that_there_are() -> None:
    known = {outcome for _, outcome in SAYINGS} | set(_OUTCOMES.values()) | set(call._STATUS)
    for block in BLOCKS.values():
        if block["Parameters"].get("ComparisonValue") == "$.External.outcome":
            cases = block["Transitions"]["Conditions"]
            assert {case["Condition"]["Operands"][0] for case in cases} <= known


def test_what_it_keeps_of_an_answer_is_in_it() -> None:
    given = {*QUESTIONS, "open", "ticket_id", "number", "outcome", "say"}
    used = set(re.findall(r"\$\.External\.(\w+)", json.dumps(FLOW)))
    assert used <= given
    kept = set(re.findall(r"\$\.Attributes\.(\w+)", json.dumps(FLOW)))
    written = {
        name
        for block in BLOCKS.values()
        if block["Type"] == "UpdateContactAttributes"
        for name in block["Parameters"]["Attributes"]
    }
    assert kept <= written


def test_codes_that_are_typed_in_are_not_logged() -> None:
    first = BLOCKS[FLOW["StartAction"]]
    assert first["Parameters"] == {"FlowLoggingBehavior": "Disabled"}


def test_the_flow_is_in_the_template_where_there_is_a_hotline(template: Any) -> None:
    flow = template["Resources"]["HotlineFlow"]
    assert flow["Condition"] == "HasHotline"
    assert json.loads(flow["Properties"]["Content"]["Fn::Sub"]) == FLOW
