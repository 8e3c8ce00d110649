"""What is personal: sealed for its place, opened nowhere else, and all of it shown to its owner."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.identity import sealed
from functions.identity.contacts import phone_of, sealed_email
from functions.identity.records import User, user_key
from functions.identity.sealed import SealBroken, open_sealed, place, seal
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import read
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import THAT_LAST, Fault, Injection, intercepted, watched
from tests.functions.bank_cards import bind, top_up, unused_phone
from tests.functions.identity.asking import OTHER_PHONE, PHONE, registration, sign_in, stored
from tests.functions.identity.second_factor import turn_on
from tests.functions.withdrawals.asking import withdraw
from tests.people import PASSWORD, PAY_PASSWORD, Person, register, sms_sent_to
from tests.sandbox.running import ORDINARY, RunningBank

HERE = place(user_key("u_ana"), "phone")
ELSEWHERE = [
    place(user_key("u_bo"), "phone"),
    place(user_key("u_ana"), "email"),
    place(user_key("u_ana")._replace(sk="PENDING_EMAIL"), "phone"),
]


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE)


@pytest.fixture
def two_a_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PAGE_SIZE_LIMIT", "2")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def export(person: Person, password: str = PASSWORD) -> Answer:
    return person.call("POST", "/v1/me/export", {"password": password})


def user_of(person: Person) -> User:
    key = user_key(person.user_id)
    user = read([key]).one(User, key)
    assert user is not None
    return user


def calls_of_kms(made: list[Any]) -> list[str]:
    return [one.operation for one in made if one.operation in ("Decrypt", "GenerateDataKey")]


class TestSeal:
    def test_it_opens_where_it_was_sealed(self) -> None:
        assert open_sealed(seal("+8613800000001 张", of=HERE), of=HERE) == "+8613800000001 张"

    def test_the_same_text_never_looks_the_same(self) -> None:
        assert seal(PHONE, of=HERE) != seal(PHONE, of=HERE)

    @pytest.mark.parametrize("other", ELSEWHERE)
    def test_it_opens_at_no_other_place(self, other: str) -> None:
        there = seal(PHONE, of=HERE)

        with pytest.raises(SealBroken):
            open_sealed(there, of=other)

    @pytest.mark.parametrize("other", ELSEWHERE)
    def test_nor_does_it_while_its_key_is_at_hand(self, other: str) -> None:
        there = seal(PHONE, of=HERE)
        assert open_sealed(there, of=HERE) == PHONE

        with pytest.raises(SealBroken):
            open_sealed(there, of=other)

    def test_the_text_is_bound_to_the_place_also_apart_from_its_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A KMS that gives out every key: the second bond holds alone."""
        there = seal(PHONE, of=HERE)
        open_here = sealed._unwrapped
        monkeypatch.setattr(sealed, "_unwrapped", lambda key, *_: open_here(key, HERE, 0))
        assert open_sealed(there, of=HERE) == PHONE

        with pytest.raises(SealBroken):
            open_sealed(there, of=ELSEWHERE[0])

    def test_not_one_bit_of_it_can_be_changed(self) -> None:
        there = base64.urlsafe_b64decode(seal(PHONE, of=HERE).removeprefix("v1."))
        for at in range(0, len(there), 3):
            changed = bytearray(there)
            changed[at] ^= 1
            # moto has a refusal of its own where the name of the key was changed.
            with pytest.raises((SealBroken, ClientError)):
                open_sealed(f"v1.{base64.urlsafe_b64encode(changed).decode()}", of=HERE)

    @pytest.mark.parametrize(
        "text", ["", "v1.", "v1.AAAA", "v2." + "A" * 300, PHONE, "v1." + PHONE]
    )
    def test_what_was_never_sealed_does_not_open(self, text: str) -> None:
        with pytest.raises(SealBroken):
            open_sealed(text, of=HERE)

    @pytest.mark.parametrize("kept", [10, 60, -1, -20])
    def test_a_part_of_it_does_not_open(self, kept: int) -> None:
        with pytest.raises(SealBroken):
            open_sealed(seal(PHONE, of=HERE)[:kept], of=HERE)

    def test_its_key_is_asked_for_once_in_a_while(self, test_clock: TestClock) -> None:
        there = seal(PHONE, of=HERE)
        with watched() as made:
            open_sealed(there, of=HERE)
            open_sealed(there, of=HERE)
            assert calls_of_kms(made) == ["Decrypt"]
            test_clock.move(seconds=settings().data_key_seconds)
            open_sealed(there, of=HERE)
            assert calls_of_kms(made) == ["Decrypt", "Decrypt"]

    def test_a_container_keeps_no_more_than_so_many_keys(self) -> None:
        there = seal(PHONE, of=HERE)
        with watched() as made:
            open_sealed(there, of=HERE)
            for _ in range(sealed.KEYS_KEPT):
                open_sealed(seal(PHONE, of=HERE), of=HERE)
            made.clear()
            open_sealed(there, of=HERE)
        assert calls_of_kms(made) == ["Decrypt"]

    @pytest.mark.parametrize("fault", [fault for fault in THAT_LAST if fault is not Fault.CONFLICT])
    def test_a_kms_that_does_not_answer_is_not_there_for_now(self, fault: Fault) -> None:
        there = seal(PHONE, of=HERE)
        with intercepted(Injection(fault, 1, lasting=True).answer):
            with pytest.raises(ServiceUnavailable):
                seal(PHONE, of=HERE)
            with pytest.raises(ServiceUnavailable):
                open_sealed(there, of=HERE)


class TestStored:
    def test_a_phone_is_found_without_standing_anywhere(self, ana: Person) -> None:
        assert sign_in(PHONE).status == 201
        assert [item for item in stored() if PHONE[-8:] in json.dumps(item)] == []
        assert phone_of(user_of(ana)) == PHONE

    def test_nobody_is_registered_while_a_phone_can_not_be_sealed(self) -> None:
        body = registration()
        with intercepted(_without_kms):
            refused = call("POST", "/v1/users", body)

        assert refused.status == 503
        assert stored("USER") == stored("PHONE") == stored("ACCOUNT") == []
        assert call("POST", "/v1/users", body).status == 201

    @pytest.mark.parametrize("field", ["phone", "email"])
    def test_a_field_that_was_copied_to_another_user_fails_closed(
        self, ana: Person, bo: Person, field: str
    ) -> None:
        address = "bo@mail.example"
        of_bo = {
            "phone": user_of(bo).phone,
            "email": sealed_email(bo.user_id, address),
        }
        user_of(ana).update(actions=[getattr(User, field).set(of_bo[field])])
        answer = export(ana)

        assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
        assert OTHER_PHONE not in answer.text
        assert address not in answer.text

    def test_nothing_is_done_for_a_user_whose_phone_is_somebody_elses(
        self, ana: Person, bo: Person
    ) -> None:
        user_of(ana).update(actions=[User.phone.set(user_of(bo).phone)])
        messages = len(sms_sent_to(OTHER_PHONE))
        other = {"password": PASSWORD, "pay_password": "908172"}

        assert ana.call("PUT", "/v1/me/pay-password", other).status == 500
        assert len(sms_sent_to(OTHER_PHONE)) == messages
        assert ana.send(bo, 1, key="1").code == "INSUFFICIENT_FUNDS"  # the old one still fits

    def test_what_needs_no_phone_asks_no_key(self, ana: Person, bo: Person) -> None:
        with watched() as made:
            ana.call("GET", "/v1/me")
            ana.call("GET", "/v1/wallet")
            bo.send(ana, 1, key="1")
            sign_in(PHONE)
        assert calls_of_kms(made) == []


class TestExport:
    def test_it_holds_what_there_is(self, bank: RunningBank) -> None:
        person, other = register(unused_phone()), register(unused_phone())
        card_id = bind(person, bank)
        made = top_up(person, card_id, 500, key="1").json
        sent = person.send(other, 200, key="2", note="lunch").json
        out = withdraw(person, card_id, 100, key="3").json
        turn_on(person)
        data = export(person).json

        assert data["person"]["user_id"] == person.user_id
        assert data["person"]["phone"] == person.phone
        assert data["person"]["two_factor"] == "on"
        assert (data["wallet"]["available"], data["wallet"]["held"]) == (200, 100)
        assert [card["card_id"] for card in data["cards"]["items"]] == [card_id]
        assert data["cards"]["items"][0]["last4"] == ORDINARY[-4:]
        assert [one["top_up_id"] for one in data["top_ups"]["items"]] == [made["top_up_id"]]
        assert data["withdrawals"]["items"] == [out]
        assert [entry["amount"] for entry in data["entries"]["items"]] == [200, 500]
        assert data["entries"]["items"][0]["reference"] == sent["transfer_id"]
        assert data["entries"]["items"][0]["note"] == "lunch"
        assert len(data["sessions"]["items"]) == 1
        kinds = [event["kind"] for event in data["security_events"]["items"]]
        assert {"registered", "two_factor_enabled", "data_exported"} <= set(kinds)
        assert data["risk"] == {"decisions": [], "known_payees": []}

    def test_it_holds_nothing_of_anybody_else(self, ana: Person, bo: Person) -> None:
        text = export(ana).text

        assert bo.user_id not in text
        assert OTHER_PHONE not in text

    def test_it_holds_no_hash_key_or_code(self, bank: RunningBank) -> None:
        person = register(unused_phone())
        bind(person, bank)
        authenticator = turn_on(person)
        text = export(person).text

        secret_names = ("hash", "proof", "secret", "salt", "token", "wrapped")
        kept = [
            value
            for item in stored()
            for name, typed in item.items()
            if any(word in name for word in secret_names)
            for value in _texts(typed)
            if len(value) > 8  # a count of failures is no secret
        ]
        assert len(kept) > 5
        typed_in = [PASSWORD, PAY_PASSWORD, ORDINARY, person.token, person.refresh_token]
        known = [authenticator.secret, *authenticator.recovery_codes]
        assert [one for one in (*kept, *typed_in, *known) if one in text] == []

    def test_a_long_list_goes_on_where_it_says(
        self, ana: Person, bo: Person, two_a_page: None
    ) -> None:
        for _ in range(3):
            ana.signed_in_again()
        data = export(ana).json
        seen = data["security_events"]["items"]
        cursor = data["security_events"]["next_cursor"]
        assert len(seen) == 2
        while cursor:
            path = f"{data['go_on_at']['security_events']}?limit=2&cursor={cursor}"
            page = ana.call("GET", path).json
            seen += page["items"]
            cursor = page["next_cursor"]

        assert len(seen) == len({event["event_id"] for event in seen}) == len(_events_of(ana))
        assert len(data["sessions"]["items"]) == 2
        assert data["sessions"]["next_cursor"]

    def test_every_place_to_go_on_at_is_there(self, ana: Person) -> None:
        for path in export(ana).json["go_on_at"].values():
            assert ana.call("GET", path).status == 200

    def test_it_takes_the_password(self, ana: Person) -> None:
        answer = export(ana, "not the password")

        assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
        assert PHONE not in answer.text

    def test_guesses_lock_as_they_do_at_sign_in(self, ana: Person) -> None:
        for _ in range(settings().sign_in_tries):
            export(ana, "not the password")

        assert export(ana).code == "ACCOUNT_LOCKED"

    def test_a_success_forgets_the_guesses_before_it(self, ana: Person) -> None:
        for _ in range(2 * settings().sign_in_tries):
            assert export(ana).status == 200

    def test_it_takes_a_session(self) -> None:
        assert call("POST", "/v1/me/export", {"password": PASSWORD}).status == 401


def _without_kms(attempt: Any) -> Any:
    if attempt.operation == "GenerateDataKey":
        return Fault.UNREACHABLE.befall(attempt)
    return attempt.make()


def _texts(typed: dict[str, Any]) -> list[str]:
    """The texts in an attribute as DynamoDB shows it."""
    [value] = typed.values()
    return [value] if isinstance(value, str) else list(value)


def _events_of(person: Person) -> list[dict[str, Any]]:
    return [item for item in stored("EVENT#") if person.user_id in item["pk"]["S"]]
