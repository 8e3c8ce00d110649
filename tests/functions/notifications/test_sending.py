"""Beyond the app: push messages to signed-in phones, and mail to whoever has chosen it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from functions.notifications.events import on_movements, on_schedule
from shared.aws import client
from shared.ledger.accounts import set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.faults import Fault, Injection, intercepted
from tests.functions.notifications.hearing import bind_email, choose, heard, told
from tests.functions.scheduled import TICK
from tests.ledger_stream import event
from tests.people import PASSWORD, PAY_PASSWORD, Person, fund, mails_sent_to

EMAIL = "ana@post.example"
TOKEN = "0123456789abcdef" * 4
PUSH_TOKEN = "/v1/me/push-token"


@pytest.fixture
def push_is_on(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made = client("sns").create_platform_application(Name="wallet", Platform="APNS", Attributes={})
    monkeypatch.setenv("PUSH_APPLICATION_IOS", made["PlatformApplicationArn"])
    settings.cache_clear()
    yield
    sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].platform_endpoints.clear()
    monkeypatch.undo()
    settings.cache_clear()


def register(person: Person, token: str = TOKEN, platform: str = "ios") -> int:
    return person.call("PUT", PUSH_TOKEN, {"platform": platform, "token": token}).status


def pushed(token: str = TOKEN) -> list[dict[str, Any]]:
    """What came to a phone, oldest first."""
    endpoints = sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].platform_endpoints.values()
    return [
        json.loads(json.loads(message)["APNS"])
        for endpoint in endpoints
        if endpoint.token == token
        for message in endpoint.messages.values()
    ]


def alerts(token: str = TOKEN) -> list[str]:
    return [one["aps"]["alert"]["body"] for one in pushed(token)]


def devices(person: Person) -> int:
    return int(person.call("GET", "/v1/me/notifications").json["push_devices"])


@contextmanager
def away(operation: str) -> Iterator[None]:
    """Nobody answers to one operation of AWS."""
    lost = Injection(Fault.UNREACHABLE, at=1, lasting=True)
    with intercepted(lambda one: lost.answer(one) if one.operation == operation else one.make()):
        yield


class TestPush:
    @pytest.fixture(autouse=True)
    def _on(self, push_is_on: None) -> None: ...

    def test_it_comes_to_each_signed_in_phone(self, ana: Person) -> None:
        other_phone = ana.signed_in_again()
        assert register(ana) == register(other_phone, "f" * 64) == 204
        with told():
            fund(ana.user_id, 500)

        (message,) = pushed()
        (listed,) = ana.call("GET", "/v1/notifications").json["items"]
        assert message["notification_id"] == listed["id"]
        assert message["aps"]["alert"] == {"title": listed["title"], "body": listed["text"]}
        assert alerts("f" * 64) == alerts() == [listed["text"]]
        assert devices(ana) == 2

    def test_it_comes_once_however_often_the_stream_delivers(self, ana: Person) -> None:
        register(ana)
        with told() as records:
            fund(ana.user_id, 500)
        on_movements(event(records), None)

        assert len(alerts()) == 1

    def test_it_comes_in_the_order_of_the_statement(self, ana: Person) -> None:
        register(ana)
        with told():
            for amount in (1, 2, 3):
                fund(ana.user_id, amount)

        assert ["0.01" in alerts()[0], "0.02" in alerts()[1], "0.03" in alerts()[2]] == [True] * 3

    def test_a_phone_that_was_signed_out_hears_nothing(self, ana: Person) -> None:
        left_behind = ana.signed_in_again()
        register(left_behind)
        assert left_behind.call("DELETE", "/v1/sessions/current").status == 204
        with told():
            fund(ana.user_id, 500)

        assert (alerts(), devices(ana), len(heard(ana))) == ([], 0, 1)

    def test_a_phone_that_changes_hands_tells_its_new_owner_alone(
        self, ana: Person, bo: Person
    ) -> None:
        register(ana)
        assert register(bo) == 204
        with told():
            fund(ana.user_id, 500)
        assert alerts() == []

        with told():
            fund(bo.user_id, 700)
        assert ["7.00" in text for text in alerts()] == [True]

    def test_registering_again_changes_nothing(self, ana: Person) -> None:
        assert register(ana) == register(ana) == 204
        with told():
            fund(ana.user_id, 500)

        assert (len(alerts()), devices(ana)) == (1, 1)

    def test_a_phone_can_be_taken_off(self, ana: Person) -> None:
        register(ana)
        for _ in range(2):
            assert ana.call("DELETE", PUSH_TOKEN).status == 204
        with told():
            fund(ana.user_id, 500)

        assert (alerts(), devices(ana)) == ([], 0)

    def test_a_phone_without_the_app_is_forgotten_and_comes_back(self, ana: Person) -> None:
        register(ana)
        self.switch_off()
        with told():
            fund(ana.user_id, 500)
        assert devices(ana) == 0

        assert register(ana) == 204
        with told():
            fund(ana.user_id, 700)
        assert ["7.00" in text for text in alerts()] == [True]

    def test_one_that_was_switched_off_meanwhile_is_switched_on(self, ana: Person) -> None:
        register(ana)
        self.switch_off()
        assert register(ana) == 204
        with told():
            fund(ana.user_id, 700)

        assert len(alerts()) == 1

    def test_kinds_that_were_not_chosen_are_in_the_list_alone(self, ana: Person) -> None:
        register(ana)
        choose(ana, push=["transfer"], email=[])
        with told():
            fund(ana.user_id, 500)

        assert (alerts(), len(heard(ana))) == ([], 1)

    def test_a_platform_that_is_not_set_up_is_refused(self, ana: Person) -> None:
        answer = ana.call("PUT", PUSH_TOKEN, {"platform": "android", "token": TOKEN})
        assert (answer.status, answer.code) == (422, "PUSH_UNAVAILABLE")

    def test_what_is_no_token_is_refused(self, ana: Person) -> None:
        for token in ("", "short", "with space " * 4, "a" * 5_000, "\n" * 10):
            assert register(ana, token) == 400, token
        assert register(ana, platform="windows") == 400

    def test_what_sns_does_not_take_is_sent_by_schedule(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        register(ana)
        with away("Publish"), told():
            fund(ana.user_id, 500)
        assert (alerts(), len(heard(ana))) == ([], 1)

        test_clock.move(minutes=2)
        assert on_schedule(TICK, None) == {"sent": 1}
        assert on_schedule(TICK, None) == {"sent": 0}
        assert len(alerts()) == 1

    def test_a_closed_account_has_no_phone_any_more(self, ana: Person) -> None:
        register(ana)
        proof = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
        closed = ana.call("DELETE", "/v1/me", proof)
        assert closed.status == 204, closed.text

        assert not sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].platform_endpoints

    def switch_off(self) -> None:
        """As SNS does when Apple says that the app is gone."""
        (endpoint,) = sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].platform_endpoints.values()
        endpoint.attributes["Enabled"] = False


class TestMail:
    def test_nobody_gets_it_who_has_not_chosen_it(self, ana: Person) -> None:
        bind_email(ana, EMAIL)
        before = len(mails_sent_to(EMAIL))
        with told():
            fund(ana.user_id, 500)

        assert len(mails_sent_to(EMAIL)) == before

    def test_it_says_what_the_list_says(self, ana: Person) -> None:
        bind_email(ana, EMAIL)
        choose(ana, push=[], email=["top_up"])
        with told() as records:
            fund(ana.user_id, 500)
        on_movements(event(records), None)

        assert mails_sent_to(EMAIL)[-1].endswith(heard(ana)[0])
        assert sum(heard(ana)[0] in mail for mail in mails_sent_to(EMAIL)) == 1

    def test_without_an_address_there_is_only_the_list(self, ana: Person) -> None:
        choose(ana, push=[], email=["top_up"])
        with told():
            fund(ana.user_id, 500)

        assert len(heard(ana)) == 1
        assert on_schedule(TICK, None) == {"sent": 0}

    def test_what_nobody_takes_is_given_up_in_the_end(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        bind_email(ana, EMAIL)
        choose(ana, push=[], email=["top_up"])
        before = len(mails_sent_to(EMAIL))
        runs = 0
        with away("SendEmail"):
            with told():
                fund(ana.user_id, 500)
            for _ in range(20):
                test_clock.move(hours=2)
                runs += on_schedule(TICK, None)["sent"]

        assert runs == settings().notification_tries + 1
        test_clock.move(hours=2)
        assert on_schedule(TICK, None) == {"sent": 0}
        assert (len(mails_sent_to(EMAIL)), len(heard(ana.signed_in_again()))) == (before, 1)

    def test_a_frozen_account_hears_too(self, ana: Person) -> None:
        bind_email(ana, EMAIL)
        choose(ana, push=[], email=["top_up"])
        set_status(ana.user_id, "frozen")
        with told():
            fund(ana.user_id, 500)

        assert heard(ana)[0] in mails_sent_to(EMAIL)[-1]


class TestChoice:
    def test_at_first_all_comes_by_push_and_nothing_by_mail(self, ana: Person) -> None:
        shown = ana.call("GET", "/v1/me/notifications").json
        kinds = {"transfer", "top_up", "withdrawal", "payment", "refund", "fee", "reversal"}
        assert kinds < set(shown["push"])
        assert (shown["email"], shown["push_devices"]) == ([], 0)

    def test_what_was_chosen_is_shown(self, ana: Person, bo: Person) -> None:
        choose(ana, push=[], email=["refund", "fee", "fee"])

        shown = ana.call("GET", "/v1/me/notifications").json
        assert shown == {"push": [], "email": ["fee", "refund"], "push_devices": 0}
        assert bo.call("GET", "/v1/me/notifications").json["email"] == []

    def test_what_is_no_kind_is_refused(self, ana: Person) -> None:
        wishes: list[dict[str, object]] = [
            {"push": ["gift"], "email": []},
            {"push": []},
            {"push": [], "email": "all"},
            {"push": [], "email": [], "sms": []},
            {"push": ["fee"] * 21, "email": []},
        ]
        for body in wishes:
            assert ana.call("PUT", "/v1/me/notifications", body).status == 400, body
