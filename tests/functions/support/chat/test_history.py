"""What was said before: what a device has missed, and page by page what is older."""

from tests.agents import Agent
from tests.chatting import Device, Gateway
from tests.clock import TestClock
from tests.functions.bank_cards import unused_phone
from tests.functions.support.chat.test_talking import begin, only, said, taken
from tests.functions.support.test_desk import ask, do
from tests.people import Person, register


def conversation(phone: Device, count: int) -> str:
    for number in range(1, count + 1):
        ticket_id = begin(phone, str(number), str(number))
    phone.came()
    return ticket_id


def texts_of(page: dict[str, object]) -> list[str]:
    return [one["text"] for one in page["items"]]  # type: ignore[attr-defined]  # JSON


def test_a_device_that_was_away_finds_all_it_has_missed(
    gateway: Gateway, user: Person, phone: Device
) -> None:
    tablet = Device(gateway).signed_in(user.token)
    ticket_id = conversation(phone, 2)
    assert said(tablet.came()) == [(1, "1"), (2, "2")]
    tablet.vanishes()
    begin(phone, "3", "3")
    begin(phone, "4", "4")

    tablet = Device(gateway)
    (ready,) = tablet.asks("authenticate", access_token=user.token)
    assert ready["conversation"] == ready["conversation"] | {"ticket_id": ticket_id, "sequence": 4}
    page = only("history", tablet.asks("history", ticket_id=ticket_id, after=2))
    assert [(one["sequence"], one["text"]) for one in page["items"]] == [(3, "3"), (4, "4")]
    assert (page["sequence"], page["next_cursor"]) == (4, None)


def test_a_long_absence_is_made_up_for_page_by_page(phone: Device) -> None:
    ticket_id = conversation(phone, 7)
    after, missed = 0, []
    while True:
        wish = {"ticket_id": ticket_id, "after": after, "limit": 3}
        page = only("history", phone.asks("history", **wish))
        missed += texts_of(page)
        after += len(page["items"])
        if after >= page["sequence"]:
            break
    assert missed == ["1", "2", "3", "4", "5", "6", "7"]


def test_older_messages_come_page_by_page_each_in_order(phone: Device) -> None:
    ticket_id = conversation(phone, 5)
    pages, wish = [], {"ticket_id": ticket_id, "limit": 2}
    while "cursor" not in wish or wish["cursor"]:
        page = only("history", phone.asks("history", **wish))
        pages.append(texts_of(page))
        wish["cursor"] = page["next_cursor"]
    assert pages == [["4", "5"], ["2", "3"], ["1"]]


def test_what_was_said_in_a_ticket_that_was_merged_comes_with_the_older(
    user: Person, phone: Device, agent: Agent, test_clock: TestClock
) -> None:
    merged = ask(user)
    test_clock.move(seconds=1)
    ticket_id = conversation(phone, 2)
    assert do(agent, merged, "merge", {"into": ticket_id}).status == 200

    wish = {"ticket_id": ticket_id, "limit": 2}
    newest = only("history", phone.asks("history", **wish))
    older = only("history", phone.asks("history", **wish, cursor=newest["next_cursor"]))

    assert [(one["ticket_id"], one["sequence"]) for one in newest["items"]] == [
        (ticket_id, 1), (ticket_id, 2)
    ]  # fmt: skip
    assert [one["ticket_id"] for one in older["items"]] == [merged]
    assert (older["sequence"], older["next_cursor"]) == (2, None)
    assert len(only("history", phone.asks("history", ticket_id=ticket_id, after=0))["items"]) == 2


def test_a_cursor_is_good_for_whom_it_was_made(
    gateway: Gateway, phone: Device, agent: Agent, desk: Device
) -> None:
    ticket_id = taken(phone, desk)
    begin(phone, "more", "2")
    cursor = only("history", phone.asks("history", ticket_id=ticket_id, limit=1))["next_cursor"]
    for device, forged in ((desk, cursor), (phone, cursor[:-1] + "A"), (phone, "x")):
        device.came()
        refused = only("error", device.asks("history", ticket_id=ticket_id, cursor=forged))
        assert refused["code"] == "INVALID_CURSOR"


def test_there_is_no_history_where_nobody_has_said_anything(gateway: Gateway) -> None:
    token = register(unused_phone(), pay_password=False).token
    (ready,) = Device(gateway).asks("authenticate", access_token=token)
    assert "conversation" not in ready
