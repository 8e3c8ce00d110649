"""Every test here has somewhere for statement files to lie and wait."""

import pytest


@pytest.fixture(autouse=True)
def _places(statement_places: None) -> None: ...
