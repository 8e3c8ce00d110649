"""GET /v1/notifications and its count of what is new, POST /v1/notifications/read."""

import pytest

from functions.notifications import inbox as inbox_module
from functions.notifications.events import on_movements
from shared.table import DomainRecord
from tests.clock import TestClock
from tests.functions.notifications.hearing import heard, inbox, told, unread
from tests.ledger_stream import event
from tests.people import PASSWORD, Person, fund


def read_up_to(person: Person, notification_id: object) -> int:
    return person.call("POST", "/v1/notifications/read", {"up_to": notification_id}).status


def ids(person: Person) -> list[str]:
    return [one["id"] for one in inbox(person)["items"]]


@pytest.fixture
def ana_with_news(ana: Person, test_clock: TestClock) -> Person:
    """Seven notifications, of 1 to 7, one a minute."""
    with told():
        for amount in range(1, 8):
            fund(ana.user_id, amount)
            test_clock.move(minutes=1)
    return ana


def test_all_is_new_at_first_and_nothing_after_it_was_read(ana_with_news: Person) -> None:
    ana = ana_with_news
    assert unread(ana) == 7

    assert read_up_to(ana, ids(ana)[0]) == 204
    assert unread(ana) == 0
    assert all(one["read"] for one in inbox(ana)["items"])


def test_reading_up_to_one_leaves_what_is_newer(ana_with_news: Person) -> None:
    ana = ana_with_news
    assert read_up_to(ana, ids(ana)[2]) == 204

    assert unread(ana) == 2
    assert [one["read"] for one in inbox(ana)["items"]] == [False, False] + [True] * 5
    assert [one["amount"] for one in inbox(ana, "unread=true")["items"]] == [7, 6]


def test_the_mark_never_goes_back(ana_with_news: Person) -> None:
    ana = ana_with_news
    newest, *_, oldest = ids(ana)
    assert read_up_to(ana, newest) == read_up_to(ana, oldest) == 204

    assert unread(ana) == 0


def test_what_comes_after_the_reading_is_new(ana_with_news: Person) -> None:
    ana = ana_with_news
    read_up_to(ana, ids(ana)[0])
    with told() as records:
        fund(ana.user_id, 8)

    assert unread(ana) == 1
    on_movements(event(records), None)
    assert unread(ana) == 1


def test_pages_show_each_once_also_while_more_come(ana_with_news: Person) -> None:
    ana = ana_with_news
    page = inbox(ana, "limit=3")
    with told():
        fund(ana.user_id, 8)
    seen = [one["amount"] for one in page["items"]]
    while page["next_cursor"]:
        page = inbox(ana, f"limit=3&cursor={page['next_cursor']}")
        seen += [one["amount"] for one in page["items"]]

    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_the_count_ends_where_nobody_reads_it_any_more(
    ana_with_news: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "_COUNTED_LIMIT", 5)

    answer = ana_with_news.call("GET", "/v1/notifications/unread-count")
    assert answer.json == {"unread": 5, "more": True}


def test_another_persons_notification_is_not_there(ana_with_news: Person, bo: Person) -> None:
    theirs = ids(ana_with_news)[0]

    assert read_up_to(bo, theirs) == read_up_to(bo, "n_9999999999999_0000000001") == 404
    assert heard(bo) == []
    cursor = inbox(ana_with_news, "limit=2")["next_cursor"]
    for person, query in ((bo, "limit=2"), (ana_with_news, "unread=true")):
        refused = person.call("GET", f"/v1/notifications?{query}&cursor={cursor}")
        assert (refused.status, refused.code) == (400, "INVALID_CURSOR")


def test_what_is_no_id_or_filter_is_refused(ana: Person) -> None:
    for up_to in ("", "n 1", "n_1\n", None, 5, "n" * 65):
        assert read_up_to(ana, up_to) == 400, up_to
    for query in ("unread=maybe", "unread=", "unread=true&unread=true", "kind=transfer"):
        assert ana.call("GET", f"/v1/notifications?{query}").status == 400, query


def test_an_export_has_them_as_they_were_told(ana_with_news: Person) -> None:
    ana = ana_with_news
    read_up_to(ana, ids(ana)[1])
    data = ana.call("POST", "/v1/me/export", {"password": PASSWORD}).json

    assert data["notifications"] == inbox(ana, "limit=100")
    assert data["notification_choice"] == ana.call("GET", "/v1/me/notifications").json
    assert data["go_on_at"]["notifications"] == "/v1/notifications"


def test_it_is_forgotten_after_its_time(ana_with_news: Person) -> None:
    kept = [one.ttl for one in DomainRecord.query(f"NOTIFICATIONS#{ana_with_news.user_id}")]
    half_a_year = 1_772_337_600 + 15_552_000
    assert len(kept) == 7
    assert all(half_a_year <= int(ttl or 0) <= half_a_year + 420 for ttl in kept)
