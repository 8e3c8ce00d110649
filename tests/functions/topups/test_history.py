"""GET /v1/top-ups and /v1/top-ups/{id}: what there was, for its owner only."""

import pytest

from tests.clock import TestClock
from tests.functions.bank_cards import bind, top_up
from tests.people import Person
from tests.sandbox.running import RunningBank


@pytest.fixture
def made(ana: Person, bank: RunningBank, test_clock: TestClock) -> list[str]:
    """The ids of three top-ups, oldest first."""
    card_id = bind(ana, bank)
    ids = []
    for number in range(3):
        ids.append(top_up(ana, card_id, 100 + number, key=f"k{number}").json["top_up_id"])
        test_clock.move(seconds=1)
    return ids


def test_one_is_shown_as_it_was_answered(ana: Person, made: list[str]) -> None:
    listed = ana.call("GET", "/v1/top-ups").json["items"]

    for top_up_id, shown in zip(reversed(made), listed, strict=True):
        answer = ana.call("GET", f"/v1/top-ups/{top_up_id}")
        assert (answer.status, answer.json) == (200, shown)
        assert (shown["top_up_id"], shown["status"]) == (top_up_id, "succeeded")


def test_pages_show_each_once_newest_first(ana: Person, made: list[str]) -> None:
    first = ana.call("GET", "/v1/top-ups?limit=2").json
    last = ana.call("GET", f"/v1/top-ups?limit=2&cursor={first['next_cursor']}").json

    shown = [one["top_up_id"] for one in first["items"] + last["items"]]
    assert shown == list(reversed(made))
    assert last["next_cursor"] is None
    assert ana.call("GET", "/v1/top-ups?limit=3").json["next_cursor"] is None


def test_those_of_others_are_not_there(ana: Person, bo: Person, made: list[str]) -> None:
    others = bo.call("GET", f"/v1/top-ups/{made[0]}")
    nobodys = bo.call("GET", "/v1/top-ups/tu_nobodys")

    assert (others.status, others.code) == (404, "NOT_FOUND")
    assert others.json == nobodys.json
    assert bo.call("GET", "/v1/top-ups").json == {"items": [], "next_cursor": None}


def test_a_cursor_is_good_for_its_own_list_only(ana: Person, bo: Person, made: list[str]) -> None:
    cursor = ana.call("GET", "/v1/top-ups?limit=2").json["next_cursor"]
    for person, path in ((bo, "/v1/top-ups"), (ana, "/v1/wallet/entries"), (ana, "/v1/cards")):
        answer = person.call("GET", f"{path}?cursor={cursor}")
        assert (answer.status, answer.code) == (400, "INVALID_CURSOR")
    for forged in ("", "x", cursor[:-4], f"{cursor}AAAA", cursor.swapcase()):
        assert ana.call("GET", f"/v1/top-ups?cursor={forged}").code == "INVALID_CURSOR"
