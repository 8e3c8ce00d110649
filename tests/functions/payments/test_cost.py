"""What a payment costs, counted from what is sent and stored."""

from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from tests.faults import Attempt, watched
from tests.people import Person
from tests.shared.ledger.test_cost import UNIT_BYTES, stored_bytes
from tests.shops import Shop, open_shop, pay, pay_at_stall

USUAL = {"subject": "两杯咖啡", "number": "20260301-000123"}


def stored() -> dict[tuple[str, str], dict[str, Any]]:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].tables.values()
    items = [item.to_json()["Attributes"] for table in tables for item in table.all_items()]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}


def units(attempts: list[Attempt]) -> dict[str, int]:
    """Write units of each record that was written, by the beginning of its key."""
    found, told = stored(), {}
    for attempt in attempts:
        for part in attempt.request.get("TransactItems", ()):
            (request,) = part.values()
            key = request.get("Key") or request["Item"]
            pk, sk = key["pk"]["S"], key["sk"]["S"]
            told[f"{pk} {sk}"] = 2 * -(-stored_bytes(found[pk, sk]) // UNIT_BYTES)
    return told


def test_payment_takes_two_round_trips_and_sixteen_units(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000, **USUAL)
    pay(ana, shop.order(1_000), key="first")  # of the day and in this process

    with watched() as attempts:
        pay(ana, order_id, key="k")

    assert [one.operation for one in attempts] == ["BatchGetItem", "TransactWriteItems"]
    by_record = units(attempts)
    print(by_record)
    assert sum(by_record.values()) == 16
    assert len(by_record) == 8


def test_payment_at_a_stall_takes_no_more_though_it_makes_the_order(
    shop: Shop, ana: Person
) -> None:
    pay_at_stall(ana, shop, 1_000, key="first")  # of the day and in this process

    with watched() as attempts:
        pay_at_stall(ana, shop, 1_000, key="k")

    assert [one.operation for one in attempts] == ["BatchGetItem", "TransactWriteItems"]
    assert sum(units(attempts).values()) == 16


def test_without_fee_and_address_a_payment_takes_twelve_units(ana: Person) -> None:
    quiet = open_shop(notify_url=None, fee_basis_points=0)
    order_id = quiet.order(1_000, **USUAL)

    with watched() as attempts:
        pay(ana, order_id, key="k")

    assert sum(units(attempts).values()) == 12


def test_replay_writes_nothing(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    pay(ana, order_id, key="k")

    with watched() as attempts:
        pay(ana, order_id, key="k")

    assert [one.operation for one in attempts] == ["BatchGetItem"]
