"""What operators do with merchants: terms, keys, ends; each with its record, no secret kept."""

import pytest

from shared.dynamodb import connection
from tests.conftest import ledger_items
from tests.people import Person
from tests.shops import Shop, open_shop, operator, pay


def only() -> dict[str, object]:
    (merchant,) = operator("list")["merchants"]
    return dict(merchant)


def test_merchant_has_an_empty_account_and_the_terms_that_were_agreed() -> None:
    made = operator("add", name="Kafei", fee_basis_points=38, settlement_reserve=5_000)

    shown = only()
    assert (shown["merchant_id"], shown["keys"]) == (made["merchant_id"], [made["key_id"]])
    assert (shown["fee_basis_points"], shown["settlement_card"]) == (38, None)
    settled = [shown[f"settlement_{name}"] for name in ("at", "minimum", "reserve")]
    assert settled == ["03:30", 100, 5_000]
    assert (shown["status"], shown["balance"], shown["notify_url"]) == ("active", 0, None)


def test_terms_change_and_what_is_not_named_stays() -> None:
    shop = open_shop(fee_basis_points=38)

    operator("change", merchant_id=shop.merchant_id, name="Renamed")

    assert (only()["name"], only()["fee_basis_points"]) == ("Renamed", 38)


def test_balance_is_that_of_all_shards(shop: Shop, ana: Person) -> None:
    for number in range(5):
        pay(ana, shop.order(1_000), key=f"k{number}")

    assert only()["balance"] == 5 * 994


@pytest.mark.parametrize(
    "terms",
    [
        {"name": ""},
        {"name": "x" * 41},
        {"name": "Kafei", "fee_basis_points": 1_001},
        {"name": "Kafei", "fee_basis_points": -1},
        {"name": "Kafei", "notify_url": "http://10.0.0.1/"},
        {"name": "Kafei", "settlement_at": "25:00"},
        {"name": "Kafei", "settlement_at": "noon"},
        {"name": "Kafei", "settlement_minimum": 0},
        {"name": "Kafei", "settlement_reserve": -1},
        {},
    ],
)
def test_impossible_terms_are_refused(terms: dict[str, object]) -> None:
    assert operator("add", **terms) == "INVALID_FIELD"
    assert operator("list")["merchants"] == []


@pytest.mark.parametrize("do", ["change", "make_key", "disable", "enable"])
def test_what_is_not_there_is_not_found(do: str) -> None:
    assert operator(do, merchant_id="m_unknown") == "NOT_FOUND"


def test_unknown_key_is_not_revoked(shop: Shop) -> None:
    assert operator("revoke_key", merchant_id=shop.merchant_id, key_id="mk_1") == "NOT_FOUND"


def test_no_secret_is_stored_in_clear_and_each_deed_has_its_record(shop: Shop) -> None:
    made = operator("make_key", merchant_id=shop.merchant_id)
    operator("disable", merchant_id=shop.merchant_id)

    stored = connection().dispatch("Scan", {"TableName": "test-records"})["Items"]
    text = str(stored) + str(ledger_items())
    assert shop.secret not in text
    assert made["secret"] not in text
    deeds = [item["deed"]["S"] for item in stored if item["pk"]["S"].startswith("AUDIT#")]
    assert sorted(deeds) == ["merchant_added", "merchant_key_made", "merchant_status"]
