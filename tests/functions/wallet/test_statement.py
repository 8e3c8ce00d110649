"""GET /v1/wallet/entries: newest first, in pages, by kind and time."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.clock import TestClock
from tests.functions.bank_cards import bind, top_up
from tests.people import Person, fund
from tests.sandbox.running import RunningBank

ENTRIES = "/v1/wallet/entries"


def entries(person: Person, query: str = "") -> Any:
    answer = person.call("GET", f"{ENTRIES}?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def amounts(person: Person, query: str = "") -> list[int]:
    return [entry["amount"] for entry in entries(person, query)["items"]]


def code(person: Person, query: str) -> str | None:
    answer = person.call("GET", f"{ENTRIES}?{query}")
    assert answer.status == 400, answer.text
    return answer.code


@pytest.fixture
def ana_with_history(ana: Person, test_clock: TestClock) -> Person:
    """Seven entries of 1 to 7, one each minute since 04:00:00Z."""
    for amount in range(1, 8):
        fund(ana.user_id, amount)
        test_clock.move(minutes=1)
    return ana


def test_a_top_up_names_the_bank_and_refers_to_itself(ana: Person, bank: RunningBank) -> None:
    made = top_up(ana, bind(ana, bank), 700, key="k").json

    (entry,) = entries(ana)["items"]
    assert entry.pop("id").startswith("e_")
    assert entry == {
        "kind": "top_up",
        "direction": "in",
        "amount": 700,
        "currency": "CNY",
        "balance_after": 700,
        "counterparty": {"user_id": None, "name": "沙盒银行 Sandbox Bank 0008"},
        "note": None,
        "created_at": "2026-03-01T04:00:00.000Z",
        "reference": made["top_up_id"],
    }


def test_a_transfer_names_the_other_person_masked(ana: Person, bo: Person) -> None:
    fund(ana.user_id, 500)
    transfer_id = ana.send(bo, 200, key="k", note="午饭").json["transfer_id"]

    paid = entries(ana)["items"][0]
    assert paid["counterparty"] == {
        "user_id": bo.user_id,
        "name": f"{bo.phone[:6]}****{bo.phone[-4:]}",
    }
    assert (paid["reference"], paid["note"], paid["balance_after"]) == (transfer_id, "午饭", 300)
    assert bo.phone not in str(paid)


def test_money_of_the_house_has_no_counterparty(ana: Person) -> None:
    fund(ana.user_id, 5)

    assert entries(ana)["items"][0]["counterparty"] is None


def test_pages_show_each_entry_once_newest_first(ana_with_history: Person) -> None:
    seen: list[int] = []
    page = entries(ana_with_history, "limit=3")
    while True:
        seen += [entry["amount"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        page = entries(ana_with_history, f"limit=3&cursor={page['next_cursor']}")

    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_a_last_page_that_is_full_has_no_cursor(ana_with_history: Person) -> None:
    assert entries(ana_with_history, "limit=7")["next_cursor"] is None


def test_entries_that_come_meanwhile_do_not_shift_the_pages(ana_with_history: Person) -> None:
    first = entries(ana_with_history, "limit=3")
    fund(ana_with_history.user_id, 8)

    assert amounts(ana_with_history, f"limit=3&cursor={first['next_cursor']}") == [4, 3, 2]


def test_from_is_inclusive_and_to_is_not(ana_with_history: Person) -> None:
    expected = {
        "from=2026-03-01T04:05:00Z": [7, 6],
        "to=2026-03-01T04:02:00Z": [2, 1],
        "from=2026-03-01T04:02:00Z&to=2026-03-01T04:03:00Z": [3],
        "from=2026-03-01T04:02:00.001Z&to=2026-03-01T04:03:00.001Z": [4],
        "from=2026-03-01T04:02:00.000001Z&to=2026-03-01T04:04:00Z": [4],
        "from=2026-03-01T12:05:00%2B08:00": [7, 6],
        "from=2026-03-01T12:05:00+08:00": [7, 6],
        "from=2026-02-28T23:05:00-05:00": [7, 6],
        "from=2026-03-01T04:03:00Z&to=2026-03-01T04:03:00Z": [],
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z": [],
        "from=0001-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59-12:00": [7, 6, 5, 4, 3, 2, 1],
        "from=9999-12-31T23:59:59Z": [],
        "to=0001-01-01T00:00:00Z": [],
    }

    assert {query: amounts(ana_with_history, query) for query in expected} == expected


def test_an_entry_is_found_by_its_own_time(ana: Person, test_clock: TestClock) -> None:
    test_clock.seconds += 0.123
    fund(ana.user_id, 5)
    created_at = entries(ana)["items"][0]["created_at"]

    assert created_at == "2026-03-01T04:00:00.123Z"
    assert amounts(ana, f"from={created_at}") == [5]
    assert amounts(ana, f"to={created_at}") == []


def test_a_kind_shows_only_its_own(ana: Person, bo: Person) -> None:
    fund(ana.user_id, 50)
    ana.send(bo, 1, key="a")
    fund(ana.user_id, 60)
    ana.send(bo, 2, key="b")

    assert amounts(ana, "kind=transfer") == [2, 1]
    first = entries(ana, "kind=transfer&limit=1")
    assert amounts(ana, f"kind=transfer&limit=1&cursor={first['next_cursor']}") == [1]
    assert amounts(ana, "kind=top_up") == [60, 50]
    assert amounts(ana, "kind=wealth") == []


@pytest.mark.parametrize("name", ["from", "to"])
def test_a_time_that_is_none_is_refused(ana: Person, name: str) -> None:
    moments = ["yesterday", "", "1772337600", "2026-03-01", "2026-02-30T00:00:00Z", "null"]
    moments += ["2026-03-01T00:00:00", "2026-03-01T25:00:00Z", "2026-03-01T00:00:00Z\x00"]
    for moment in moments:
        answer = ana.call("GET", f"{ENTRIES}?{name}={quote(moment)}")
        refused = (answer.status, answer.code, answer.json["field"])
        assert refused == (400, "INVALID_FIELD", name), moment


def test_a_filter_that_is_none_is_refused(ana: Person) -> None:
    queries = ["kind=gift", "kind=", "limit=0", "limit=101", "limit=1.5", "limit=-1", "limit="]
    queries += ["limit=x", "limit=1&limit=2", f"cursor={'A' * 600}"]
    for query in queries:
        assert code(ana, query) == "INVALID_FIELD", query


def test_an_unknown_filter_is_refused(ana: Person) -> None:
    assert code(ana, "user_id=u_somebody") == "UNKNOWN_FIELD"


def test_a_forged_cursor_is_refused(ana_with_history: Person) -> None:
    for cursor in ("", "x", "AAAA", "%E5%8D%A1", "A" * 100, "RU5UUlkj"):
        assert code(ana_with_history, f"cursor={cursor}") == "INVALID_CURSOR", cursor


def test_a_cursor_is_good_for_its_own_list_user_and_filters_only(
    ana_with_history: Person, bo: Person, bank: RunningBank
) -> None:
    ana = ana_with_history
    fund(bo.user_id, 5)
    cursor = entries(ana, "limit=2")["next_cursor"]
    of_kind = entries(ana, "kind=top_up&limit=2")["next_cursor"]

    assert code(bo, f"cursor={cursor}") == "INVALID_CURSOR"
    assert code(ana, f"kind=top_up&cursor={cursor}") == "INVALID_CURSOR"
    assert code(ana, f"cursor={of_kind}") == "INVALID_CURSOR"
    assert code(ana, f"from=2026-03-01T04:00:00Z&cursor={cursor}") == "INVALID_CURSOR"
    assert ana.call("GET", f"/v1/top-ups?cursor={cursor}").code == "INVALID_CURSOR"
    assert ana.call("GET", f"/v1/cards?cursor={cursor}").code == "INVALID_CURSOR"
