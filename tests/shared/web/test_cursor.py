"""Cursors are opaque, bound to their list, and cannot be made by anybody else."""

import pytest

from shared.web.cursor import open_cursor, seal
from shared.web.problems import InvalidCursor

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_cursor_opens_in_its_own_list() -> None:
    assert open_cursor(seal("ENTRY#7", of="entries u_a"), of="entries u_a") == "ENTRY#7"


@pytest.mark.parametrize("other", ["entries u_b", "cards u_a", "entries u_a kind=fee"])
def test_a_cursor_of_another_list_is_refused(other: str) -> None:
    with pytest.raises(InvalidCursor):
        open_cursor(seal("ENTRY#7", of="entries u_a"), of=other)


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "*" * 40, "数", "A" * 2_000])
def test_a_forged_cursor_is_refused(forged: str) -> None:
    with pytest.raises(InvalidCursor):
        open_cursor(forged, of="entries u_a")


def test_any_changed_character_is_noticed() -> None:
    cursor = seal("ENTRY#1234", of="list")
    for place in range(len(cursor) - 1):
        changed = "A" if cursor[place] != "A" else "B"
        with pytest.raises(InvalidCursor):
            open_cursor(cursor[:place] + changed + cursor[place + 1 :], of="list")
