"""`limits.json`: how much a day by kind of code and factors, as data."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from functions.payments.limits import rows
from shared.settings import settings
from tests.people import Person
from tests.shops import Shop, pay

ROW = {
    "counted_as": "code",
    "kinds": ["order"],
    "factors": ["password_and_device"],
    "day_maximum_minor": 1_500,
    "zh": "每日订单支付",
    "en": "for orders in one day",
}


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Has a process start with other rows."""
    path = tmp_path / "limits.json"

    def limit(*limits: Any) -> None:
        path.write_text(json.dumps({"version": "test", "limits": limits}))
        monkeypatch.setenv("PAYMENT_LIMITS", str(path))
        settings.cache_clear()
        rows.cache_clear()

    yield limit
    monkeypatch.undo()
    settings.cache_clear()
    rows.cache_clear()


def test_another_file_limits_another_kind(
    shop: Shop, ana: Person, limited: Callable[[Any], None]
) -> None:
    limited(ROW)
    assert pay(ana, shop.order(1_000), key="k1").status == 201

    refused = pay(ana, shop.order(501), key="k2")

    assert (refused.code, "15.00" in refused.json["detail"]) == ("LIMIT_EXCEEDED", True)
    assert pay(ana, shop.order(500), key="k3").status == 201


def test_static_codes_have_five_hundred_yuan_whatever_was_proven() -> None:
    (static,) = [row for row in rows().limits if "static" in row.kinds]

    assert (static.day_maximum_minor, len(static.factors)) == (50_000, 3)


@pytest.mark.parametrize(
    "bad",
    [
        [ROW | {"counted_as": "nothing"}],
        [ROW | {"kinds": []}],
        [ROW | {"factors": ["a smile"]}],
        [ROW | {"day_maximum_minor": -1}],
        [ROW | {"day_maximum": 1}],
        [ROW, ROW],
    ],
)
def test_rows_that_say_what_cannot_be_do_not_load(
    limited: Callable[..., None], bad: list[Any]
) -> None:
    limited(*bad)

    with pytest.raises(msgspec.ValidationError):
        rows()
