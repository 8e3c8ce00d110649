"""The published description of the chat: valid AsyncAPI 3.0, made from the models."""

from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from functions.support.chat.models import FramesIn, FramesOut
from tests.edge import call


@pytest.fixture
def document() -> dict[str, Any]:
    answer = call("GET", "/asyncapi.json")
    assert answer.status == 200
    described: dict[str, Any] = answer.json
    return described


@pytest.mark.filterwarnings("ignore:Field name")  # of the library, as it is imported
def test_it_is_valid_asyncapi_3(document: dict[str, Any]) -> None:
    from asyncapi3.models import AsyncAPI3

    assert document["asyncapi"] == "3.0.0"
    AsyncAPI3.model_validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = list(references_in(document))
    assert len(references) > 50
    for reference in references:
        place: Any = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def references_in(part: Any) -> Any:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            yield from references_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from references_in(value)


def test_it_names_every_frame_and_what_answers_it(document: dict[str, Any]) -> None:
    operations = document["operations"]
    messages = document["components"]["messages"]
    assert messages.keys() == {model.__name__ for model in get_args(FramesIn) + get_args(FramesOut)}
    tags = {model.__struct_config__.tag for model in get_args(FramesIn)}
    assert operations.keys() == tags | {"tell"}
    answers = {
        message["$ref"].rpartition("/")[2]
        for operation in operations.values()
        for message in operation.get("reply", operation)["messages"]
    }
    assert answers == {model.__name__ for model in get_args(FramesOut)}


def test_every_action_names_its_refusals(document: dict[str, Any]) -> None:
    for name, operation in document["operations"].items():
        if name == "tell":
            continue
        assert "UNAUTHENTICATED" in operation["description"]
    assert "IDEMPOTENCY_KEY_REUSED" in document["operations"]["message"]["description"]
    assert document["operations"]["take"]["description"].startswith("For agents only.")


def test_frames_that_come_in_refuse_unknown_fields(document: dict[str, Any]) -> None:
    for model in get_args(FramesIn):
        schema = document["components"]["schemas"][model.__name__]
        assert schema["additionalProperties"] is False
