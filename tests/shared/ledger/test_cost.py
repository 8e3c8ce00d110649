"""What a transfer costs, counted from what is sent and stored."""

from typing import Any

import pytest

from shared.errors import Texts
from shared.ledger import FromUser, Limit, Movement, ToUser, hold, post, release, settle
from shared.ledger.accounts import change_proof, opening
from shared.ledger.records import Account
from shared.money import AMOUNT_LIMIT_MINOR, Money
from shared.table import write
from tests.conftest import ledger_items
from tests.faults import Attempt, watched
from tests.ledger_accounts import account, fund
from tests.soundness import contents

pytestmark = pytest.mark.usefixtures("two_people")

UNIT_BYTES = 1_024
PAYER, PAYEE = "u_" + "a" * 26, "u_" + "b" * 26
LONGEST_NOTE = "🙏" * 100
LONGEST = Movement(
    transfer_id="t_" + "c" * 26,
    kind="transfer",
    amount=Money(amount=AMOUNT_LIMIT_MINOR),
    fingerprint="f" * 64,
    note=LONGEST_NOTE,
    reference="r" * 64,
)
LIMIT = Limit(
    name="transfer", period="2026-03-01", maximum=AMOUNT_LIMIT_MINOR, what=Texts("每日", "per day")
)


@pytest.fixture(autouse=True)
def rich_people(two_people: None) -> None:
    """With the longest labels, amounts and proofs that can be."""
    write(*(opening(one, label="+861383****5678") for one in (PAYER, PAYEE)))
    fund(PAYER, AMOUNT_LIMIT_MINOR)
    for one in (PAYER, PAYEE):
        proof = [Account.proof.set("p" * 64), Account.proof_failed_at.set(1_772_337_600)]
        assert change_proof(account(one), [*proof, Account.proof_failures.set(4)])


def stored_bytes(item: dict[str, Any]) -> int:
    """The size by which DynamoDB charges for an item of texts and numbers."""
    return sum(
        len(name.encode()) + (len(value["S"].encode()) if "S" in value else len(value["N"]) + 1)
        for name, value in item.items()
    )


def stored_items() -> dict[tuple[str, str], dict[str, Any]]:
    found = contents(ledger_items())
    entries = [entry for several in found.entries.values() for entry in several]
    records = [*found.accounts.values(), *found.transfers.values(), *entries]
    return {(record.pk, record.sk): record.raw() for record in records}


def write_units(attempts: list[Attempt]) -> int:
    """For each item of each transaction two for each kilobyte begun, by what is now stored."""
    stored = stored_items()
    units = 0
    for attempt in attempts:
        for part in attempt.request.get("TransactItems", ()):
            (request,) = part.values()
            key = request.get("Key") or request["Item"]
            size = stored_bytes(stored[key["pk"]["S"], key["sk"]["S"]])
            units += 2 * -(-size // UNIT_BYTES)
    return units


def test_transfer_is_one_round_trip_and_ten_units() -> None:
    debit = FromUser(account(PAYER), limit=LIMIT, authorize=lambda _: None)
    credit = ToUser(account(PAYEE))

    with watched() as attempts:
        post(LONGEST, debit=debit, credit=credit)

    assert [attempt.operation for attempt in attempts] == ["TransactWriteItems"]
    assert len(attempts[0].request["TransactItems"]) == 5
    assert write_units(attempts) == 10


def test_replay_costs_no_more_round_trips_than_the_first_time() -> None:
    sides = FromUser(account(PAYER)), ToUser(account(PAYEE))
    post(LONGEST, debit=sides[0], credit=sides[1])

    with watched() as attempts:
        post(LONGEST, debit=FromUser(sides[0].account), credit=ToUser(sides[1].account))

    assert [attempt.operation for attempt in attempts] == ["TransactWriteItems"]


def test_who_comes_second_learns_from_the_refusal_and_reads_nothing() -> None:
    payer, payee = account(PAYER), account(PAYEE)
    small = Movement(transfer_id="t_small", kind="transfer", amount=Money(amount=1))
    post(small, debit=FromUser(payer), credit=ToUser(payee))

    with watched() as attempts:
        later = Movement(transfer_id="t_later", kind="transfer", amount=Money(amount=1))
        post(later, debit=FromUser(payer), credit=ToUser(payee))

    assert [attempt.operation for attempt in attempts] == ["TransactWriteItems"] * 2


def test_hold_and_its_end_are_one_write_each_and_as_cheap() -> None:
    with watched() as holding:
        hold(
            LONGEST,
            debit=FromUser(account(PAYER), limit=LIMIT),
            credit=ToUser(account(PAYEE)),
            expires_at=4_000_000_000,
            arrives_at="2026-03-02T04:00:00.000Z",
        )
    held_units = write_units(holding)
    with watched() as settling:
        settle(LONGEST.transfer_id)

    assert held_units == 4
    assert write_units(settling) == 10
    writes = [attempt for attempt in settling if attempt.operation == "TransactWriteItems"]
    assert (len(writes), len(settling)) == (1, 3)


def test_release_is_as_cheap_as_the_hold() -> None:
    hold(
        LONGEST,
        debit=FromUser(account(PAYER), limit=LIMIT),
        credit=ToUser(account(PAYEE)),
        expires_at=4_000_000_000,
    )

    with watched() as releasing:
        release(LONGEST.transfer_id, why="cancelled")

    assert write_units(releasing) == 4


def test_every_record_of_the_longest_transfer_fits_into_one_unit() -> None:
    post(LONGEST, debit=FromUser(account(PAYER), limit=LIMIT), credit=ToUser(account(PAYEE)))

    assert max(map(stored_bytes, stored_items().values())) <= UNIT_BYTES
