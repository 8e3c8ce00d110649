"""Sessions: listed, refreshed, ended; a token that has ended opens nothing."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted, watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    opens,
    refresh,
    sign_in,
    stored,
)
from tests.people import Person, register

DEVICE = {"id": "d-1", "name": "Ana 的手机", "platform": "ios", "app_version": "1.2.3"}


@pytest.fixture
def ana() -> Person:
    return register(PHONE, pay_password=False)


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE, pay_password=False)


class TestAccess:
    def test_the_session_is_found_in_one_read(self, ana: Person) -> None:
        with watched() as attempts:
            ana.call("GET", "/v1/me")

        assert [attempt.operation for attempt in attempts] == ["BatchGetItem"]

    def test_access_ends_after_a_while(self, ana: Person, test_clock: TestClock) -> None:
        test_clock.move(seconds=settings().access_token_seconds - 1)
        assert opens(ana.token)
        test_clock.move(seconds=1)
        assert not opens(ana.token)

    def test_only_the_access_token_gives_access(self, ana: Person) -> None:
        assert not opens(ana.refresh_token)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
            lambda token: token[:-1],
            lambda token: token + "A",
            lambda token: "uwr" + token[3:],
            lambda token: token[:4] + "a" * 26 + token[30:],
            lambda token: token[:30] + "a" * 26 + token[56:],
            lambda token: token.upper(),
            lambda token: token.replace("a", "é"),
            lambda _: "x",
        ],
    )
    def test_a_forged_token_opens_nothing(self, ana: Person, forge: Callable[[str], str]) -> None:
        answer = call("GET", "/v1/me", token=forge(ana.token))

        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_token_of_one_user_does_not_open_for_another(self, ana: Person, bo: Person) -> None:
        mixed = bo.token[:30] + ana.token[30:]
        assert not opens(mixed)

    def test_tokens_are_stored_as_hashes_only(self, ana: Person) -> None:
        everything = str(stored())
        for token in (ana.token, ana.refresh_token):
            assert token not in everything
            assert token[-43:] not in everything


class TestRefresh:
    def test_new_tokens_take_the_place_of_the_old(self, ana: Person) -> None:
        answer = refresh(ana.refresh_token)
        tokens = answer.json["tokens"]

        assert answer.status == 201
        assert tokens["expires_in"] == settings().access_token_seconds
        assert opens(tokens["access_token"])
        assert not opens(ana.token)
        assert tokens["refresh_token"] != ana.refresh_token

    def test_a_session_goes_on_by_refreshing(self, ana: Person, test_clock: TestClock) -> None:
        token = ana.refresh_token
        for _ in range(5):
            test_clock.move(seconds=settings().access_token_seconds)
            tokens = refresh(token).json["tokens"]
            token = tokens["refresh_token"]
            assert opens(tokens["access_token"])
        assert len(stored("SESSION")) == 1

    def test_an_immediate_retry_gets_the_same_tokens(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        first = refresh(ana.refresh_token)
        test_clock.move(seconds=settings().refresh_retry_seconds)
        again = refresh(ana.refresh_token)

        assert again.status == 201
        assert again.json["tokens"] == first.json["tokens"] | {
            "expires_in": settings().access_token_seconds - settings().refresh_retry_seconds
        }
        assert opens(first.json["tokens"]["access_token"])

    def test_a_late_retry_ends_the_session(self, ana: Person, test_clock: TestClock) -> None:
        tokens = refresh(ana.refresh_token).json["tokens"]
        test_clock.move(seconds=settings().refresh_retry_seconds + 1)

        assert refresh(ana.refresh_token).status == 401
        assert not opens(tokens["access_token"])
        assert refresh(tokens["refresh_token"]).status == 401

    def test_a_token_from_before_the_last_ends_the_session(self, ana: Person) -> None:
        second = refresh(ana.refresh_token).json["tokens"]
        third = refresh(second["refresh_token"]).json["tokens"]

        assert refresh(ana.refresh_token).status == 401
        assert not opens(third["access_token"])
        assert refresh(third["refresh_token"]).status == 401

    def test_a_reused_token_ends_no_other_session(self, ana: Person) -> None:
        other = ana.signed_in_again()
        second = refresh(ana.refresh_token).json["tokens"]
        refresh(second["refresh_token"])
        refresh(ana.refresh_token)

        assert opens(other.token)

    def test_a_session_has_an_absolute_end(self, ana: Person, test_clock: TestClock) -> None:
        test_clock.move(seconds=settings().session_seconds - 100)
        tokens = refresh(ana.refresh_token).json["tokens"]
        assert tokens["expires_in"] == 100
        test_clock.move(seconds=100)

        assert not opens(tokens["access_token"])
        assert refresh(tokens["refresh_token"]).status == 401

    def test_two_refreshes_at_once_get_the_same_tokens(self, ana: Person) -> None:
        inner: list[Answer] = []

        def let_another_in_first(attempt: Attempt) -> object:
            if attempt.operation == "UpdateItem" and not inner:
                inner.append(Answer(0, {}, ""))
                inner[0] = refresh(ana.refresh_token)
            return attempt.make()

        with intercepted(let_another_in_first):
            outer = refresh(ana.refresh_token)

        assert outer.status == inner[0].status == 201
        assert outer.json == inner[0].json
        assert opens(outer.json["tokens"]["access_token"])

    @pytest.mark.parametrize("fault", list(Fault))
    def test_after_a_fault_at_any_call_the_same_token_still_refreshes(
        self, ana: Person, fault: Fault
    ) -> None:
        token = ana.refresh_token
        for at in range(1, 20):
            injection = Injection(fault, at)
            with intercepted(injection.answer), suppress(ProcessDied):
                refresh(token)
            again = refresh(token)
            assert again.status == 201, (fault, at)
            assert opens(again.json["tokens"]["access_token"])
            token = again.json["tokens"]["refresh_token"]
            if not injection.befell:
                return
        pytest.fail("there is no end of calls")

    @pytest.mark.parametrize("token", ["x", "uwr_" + "a" * 95, "uwa_" + "a" * 95, "é" * 40])
    def test_what_is_no_refresh_token_is_refused(self, token: str) -> None:
        answer = refresh(token)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")

    def test_an_access_token_does_not_refresh_and_harms_nothing(self, ana: Person) -> None:
        assert refresh(ana.token).status == 401
        assert opens(ana.token)


class TestList:
    def test_devices_are_listed_last_used_first(self, ana: Person, test_clock: TestClock) -> None:
        test_clock.move(seconds=10)
        body = {"phone": PHONE, "password": "correct horse battery 42", "device": DEVICE}
        phone = call(
            "POST",
            "/v1/sessions",
            body,
            address="198.51.100.4",
            headers={"CloudFront-Viewer-Country": "SG"},
        )
        assert phone.status == 201
        page = ana.call("GET", "/v1/sessions").json

        newest, oldest = page["items"]
        assert page["next_cursor"] is None
        assert newest["device"] == DEVICE
        assert (newest["current"], oldest["current"]) == (False, True)
        assert (newest["address"], newest["country"]) == ("198.51.100.4", "SG")
        assert oldest["device"] is None
        assert newest["created_at"] > oldest["created_at"]

    def test_pages_hold_every_device_once(self, ana: Person, test_clock: TestClock) -> None:
        for _ in range(6):
            test_clock.move(seconds=1)
            sign_in()
        seen: list[str] = []
        query = "limit=3"
        while query:
            page = ana.call("GET", f"/v1/sessions?{query}").json
            assert len(page["items"]) <= 3
            seen += [item["session_id"] for item in page["items"]]
            query = page["next_cursor"] and f"limit=3&cursor={page['next_cursor']}"

        assert len(seen) == len(set(seen)) == 7

    def test_a_cursor_of_somebody_else_is_refused(self, ana: Person, bo: Person) -> None:
        ana.signed_in_again()
        cursor = ana.call("GET", "/v1/sessions?limit=1").json["next_cursor"]
        answer = bo.call("GET", f"/v1/sessions?cursor={cursor}")

        assert (answer.status, answer.code) == (400, "INVALID_CURSOR")

    def test_ended_sessions_are_not_listed(self, ana: Person, test_clock: TestClock) -> None:
        test_clock.move(seconds=settings().session_seconds)
        page = ana.signed_in_again().call("GET", "/v1/sessions").json

        assert len(page["items"]) == 1

    def test_nobody_sees_devices_of_others(self, ana: Person, bo: Person) -> None:
        shown = ana.call("GET", "/v1/sessions").text
        (bos,) = bo.call("GET", "/v1/sessions").json["items"]

        assert bos["session_id"] not in shown

    def test_the_session_unused_for_longest_goes_when_there_are_too_many(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        others = []
        for _ in range(settings().sessions_per_user - 1):
            test_clock.move(seconds=1)
            others.append(sign_in().json["tokens"])
        used = refresh(ana.refresh_token).json["tokens"]
        test_clock.move(seconds=1)
        newest = sign_in().json["tokens"]

        assert len(stored("SESSION")) == settings().sessions_per_user
        assert not opens(others[0]["access_token"])
        assert opens(others[1]["access_token"])
        assert opens(used["access_token"])
        assert opens(newest["access_token"])


class TestSignOut:
    @pytest.mark.parametrize("by_name", [True, False])
    def test_access_ends_at_once(self, ana: Person, by_name: bool) -> None:
        other = ana.signed_in_again()
        listed = ana.call("GET", "/v1/sessions").json["items"]
        (own,) = [item["session_id"] for item in listed if item["current"]]
        answer = ana.call("DELETE", f"/v1/sessions/{'current' if by_name else own}")

        assert (answer.status, answer.text) == (204, "")
        assert not opens(ana.token)
        assert refresh(ana.refresh_token).status == 401
        assert opens(other.token)

    def test_another_device_can_be_signed_out(self, ana: Person) -> None:
        other = ana.signed_in_again()
        listed = ana.call("GET", "/v1/sessions").json["items"]
        (its,) = [item["session_id"] for item in listed if not item["current"]]

        assert ana.call("DELETE", f"/v1/sessions/{its}").status == 204
        assert not opens(other.token)
        assert opens(ana.token)

    def test_sessions_of_others_are_not_there(self, ana: Person, bo: Person) -> None:
        (bos,) = bo.call("GET", "/v1/sessions").json["items"]
        of_another = ana.call("DELETE", f"/v1/sessions/{bos['session_id']}")
        of_nobody = ana.call("DELETE", "/v1/sessions/s_nothing")

        assert of_another.status == of_nobody.status == 404
        assert of_another.json == of_nobody.json
        assert opens(bo.token)

    def test_it_takes_a_session_to_sign_out(self) -> None:
        assert call("DELETE", "/v1/sessions/current").status == 401
