"""GET /v1/wallet/entries by text and amount, and GET /v1/wallet/summary."""

from typing import Any
from urllib.parse import quote

import pytest

from functions.wallet import summary as summary_module
from shared.ledger import FromUser, Movement, ToSystem, post, statement
from shared.ledger.accounts import FEES
from shared.money import Money
from tests.clock import TestClock
from tests.faults import watched
from tests.functions.bank_cards import unused_phone
from tests.ledger_accounts import account
from tests.people import Person, fund, register


def entries(person: Person, query: str) -> Any:
    answer = person.call("GET", f"/v1/wallet/entries?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def amounts(person: Person, query: str) -> list[int]:
    return [entry["amount"] for entry in entries(person, query)["items"]]


def pay(person: Person, amount: int, *, note: str, to: str) -> None:
    name = f"t_{person.user_id}{amount}"
    movement = Movement(transfer_id=name, kind="payment", amount=Money(amount=amount), note=note)
    post(movement, debit=FromUser(account(person.user_id)), credit=ToSystem(FEES, label=to))


def summary(person: Person, query: str = "") -> Any:
    answer = person.signed_in_again().call("GET", f"/v1/wallet/summary?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def queries(person: Person, query: str = "") -> int:
    """How many reads of the books a summary takes."""
    signed_in = person.signed_in_again()
    with watched() as made:
        assert signed_in.call("GET", f"/v1/wallet/summary?{query}").status == 200
    return sum(one.operation == "Query" for one in made)


@pytest.fixture
def ana(cloud: None, test_clock: TestClock) -> Person:
    """With payments of 11 to 14 and 1,000 from the bank, one a minute."""
    person = register(unused_phone(), funds=1_000)
    notes = {11: "午饭 Noodles", 12: "打车", 13: "NOODLES again", 14: "100% =1+1"}
    for amount, note in notes.items():
        test_clock.move(minutes=1)
        pay(person, amount, note=note, to="地铁 Metro" if amount == 12 else "老王面馆 Wang's")
    return person


class TestSearch:
    def test_a_text_is_found_in_note_and_name_whatever_its_case(self, ana: Person) -> None:
        expected = {
            "noodles": [13, 11],
            "午饭": [11],
            "WANG": [14, 13, 11],
            "metro": [12],
            "=1+1": [14],
            "%": [14],
            "nobody": [],
        }
        assert {text: amounts(ana, f"q={quote(text)}") for text in expected} == expected

    def test_amounts_are_from_and_to_both_included(self, ana: Person) -> None:
        expected = {
            "min=13": [14, 13, 1_000],
            "max=12": [12, 11],
            "min=12&max=13": [13, 12],
            "min=14&max=11": [],
            "min=12&kind=top_up": [1_000],
        }
        assert {query: amounts(ana, query) for query in expected} == expected

    def test_filters_hold_together(self, ana: Person) -> None:
        query = f"q=noodles&kind=payment&min=12&from={quote('2026-03-01T04:01:00Z')}"
        assert amounts(ana, query) == [13]
        assert amounts(ana, query + "&max=12") == []

    def test_pages_of_a_search_show_each_once(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statement, "_FILTERED_READ_SIZE", 1)
        monkeypatch.setattr(statement, "_READS_PER_PAGE_LIMIT", 2)
        page, pages = entries(ana, "q=wang&limit=2"), 1
        seen = [entry["amount"] for entry in page["items"]]
        while page["next_cursor"]:
            page = entries(ana, f"q=wang&limit=2&cursor={page['next_cursor']}")
            seen += [entry["amount"] for entry in page["items"]]
            pages += 1

        assert seen == [14, 13, 11]
        assert pages > 2

    def test_a_cursor_is_good_for_its_own_search_only(self, ana: Person) -> None:
        cursor = entries(ana, "q=wang&limit=1")["next_cursor"]
        for query in ("q=wan", "q=wang&min=1", "q=wang&max=50", "kind=payment"):
            answer = ana.call("GET", f"/v1/wallet/entries?{query}&cursor={cursor}")
            assert (answer.status, answer.code) == (400, "INVALID_CURSOR"), query

    def test_what_cannot_be_searched_for_is_refused(self, ana: Person) -> None:
        for query in ("q=", f"q={'a' * 51}", "min=0", "min=1.5", "max=-1", f"max={10**12 + 1}"):
            answer = ana.call("GET", f"/v1/wallet/entries?{query}")
            assert (answer.status, answer.code) == (400, "INVALID_FIELD"), query


class TestSummary:
    def test_a_month_is_summed_up_by_kind(self, ana: Person) -> None:
        assert summary(ana) == {
            "month": "2026-03",
            "currency": "CNY",
            "total_in": 1_000,
            "total_out": 50,
            "count": 5,
            "kinds": [
                {"kind": "top_up", "direction": "in", "amount": 1_000, "count": 1},
                {"kind": "payment", "direction": "out", "amount": 50, "count": 4},
            ],
        }

    def test_what_comes_later_is_added(self, ana: Person) -> None:
        before = summary(ana)
        fund(ana.user_id, 7)

        after = summary(ana)
        assert (after["total_in"], after["count"]) == (before["total_in"] + 7, 6)
        assert summary(ana) == after

    def test_a_month_begins_and_ends_at_midnight_here(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        test_clock.seconds = 1_774_972_799.999  # 2026-03-31T23:59:59.999+08:00
        fund(ana.user_id, 1)
        test_clock.seconds += 0.001
        fund(ana.user_id, 2)

        assert summary(ana, "month=2026-03")["total_in"] == 1_001
        assert (summary(ana)["month"], summary(ana)["total_in"]) == ("2026-04", 2)
        assert summary(ana, "month=2026-02")["kinds"] == []

    def test_a_month_that_is_over_is_read_once(self, ana: Person, test_clock: TestClock) -> None:
        test_clock.move(hours=24 * 40)
        first = summary(ana, "month=2026-03")

        assert queries(ana, "month=2026-03") == 0
        assert summary(ana, "month=2026-03") == first
        assert queries(ana) == 1

    def test_too_much_at_once_comes_further_each_time(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statement, "_CHUNK_SIZE", 2)
        monkeypatch.setattr(summary_module, "_CHUNKS_LIMIT", 1)
        statuses = [ana.call("GET", "/v1/wallet/summary").status for _ in range(4)]

        assert statuses == [503, 503, 200, 200]
        assert summary(ana)["count"] == 5

    def test_nobody_sees_the_sums_of_another(self, ana: Person) -> None:
        summary(ana)
        assert summary(register(unused_phone()))["count"] == 0

    def test_what_is_no_month_is_refused(self, ana: Person) -> None:
        for month in ("2026-13", "2026-00", "2026", "26-03", "2026-3", "", "2026-03-01", "1026-03"):
            answer = ana.call("GET", f"/v1/wallet/summary?month={month}")
            assert (answer.status, answer.code) == (400, "INVALID_FIELD"), month
