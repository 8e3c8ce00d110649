"""The picture of the state machine in its page."""

import json

import pytest

from infra.state_picture import DEFINITION, PAGE, picture, with_picture


def test_the_page_shows_the_definition_as_it_is() -> None:
    page = PAGE.read_text()

    assert with_picture(page, json.loads(DEFINITION.read_text())) == page, (
        "python -m infra.state_picture draws it anew"
    )


def test_every_state_and_outcome_is_in_the_picture() -> None:
    definition = json.loads(DEFINITION.read_text())
    drawn = picture(definition)

    for name, state in definition["States"].items():
        assert f"  {name}" in drawn
        for rule in state.get("Choices", ()):
            assert rule["StringEquals"] in drawn


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="one picture"):
        with_picture("no picture", {"StartAt": "A", "States": {}})
