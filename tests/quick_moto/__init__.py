"""moto as it is, at a third of the time: what it does at length for all services, done shortly for
ours.

Most of the time of the tests on moto was spent in places that change nothing in what it answers.
They are replaced here, under a pinned version; `tests/test_quick_moto.py` holds both against each
other.
"""

import pytest

from tests.quick_moto import conditions, items, requests, updates


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Replaces those places in the whole process, until `patch` undoes it."""
    for part in (items, conditions, updates, requests):
        part.quicken(patch)
