"""What records take and give."""

from decimal import Decimal
from typing import Any

import pytest

from shared.table import IntegerAttribute

WHOLE = IntegerAttribute()


@pytest.mark.parametrize("number", [0, 1, -1, 10**30])
def test_a_whole_number_comes_back_as_it_was(number: int) -> None:
    assert WHOLE.deserialize(WHOLE.serialize(number)) == number


@pytest.mark.parametrize("number", [1.0, 1.5, Decimal(1), "1", None])
def test_what_is_not_whole_is_never_written(number: Any) -> None:
    with pytest.raises(TypeError):
        WHOLE.serialize(number)
