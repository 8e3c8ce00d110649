"""docs/security.md names tests that exist, for every line of the brief in its order."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (PROJECT / "docs/security.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]
# Without a folder, as the page says.
BEGINNING = PROJECT / "tests/functions/identity/test_sign_in.py"


def missing_in(row: str) -> list[str]:
    """The names of a row that stand for nothing."""
    file, missing = BEGINNING, []
    for name in re.findall(r"`([^`]*)`", row.rsplit(" | ", 1)[1]):
        path, _, claim = name.partition("::")
        if path:
            file = PROJECT / path if path.startswith("tests/") else file.parent / path
        stands = file.is_file() and (
            not claim or re.search(rf"^ *(def|class) {claim}\b", file.read_text(), re.MULTILINE)
        )
        if not stands:
            missing.append(name)
    return missing


def lines_of(row: str) -> list[int]:
    """The lines that a row is about: `6, 25` two, `3–5` three."""
    lines: list[int] = []
    for first, last in re.findall(r"(\d+)(?:–(\d+))?", row.split(" | ")[0]):
        lines += range(int(first), int(last or first) + 1)
    return lines


def test_every_test_that_it_names_exists() -> None:
    assert [name for row in ROWS for name in missing_in(row)] == []


def test_a_name_of_nothing_is_seen() -> None:
    row = "| 9 x | y | `test_passwords.py::test_of_nothing`, `test_nowhere.py`, `test_email.py` |"
    assert missing_in(row) == ["test_passwords.py::test_of_nothing", "test_nowhere.py"]


def test_every_row_names_a_test_and_no_line_is_left_out() -> None:
    assert [row for row in ROWS if ".py" not in row] == []
    assert set(range(1, 28)) <= {line for row in ROWS for line in lines_of(row)}
    assert sorted(ROWS, key=lambda row: lines_of(row)[0]) == ROWS
