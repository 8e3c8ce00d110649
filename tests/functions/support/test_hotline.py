"""The hotline: nobody hears anything of an account before a code proves the caller."""

import json
from typing import Any

import pytest

from functions.support.delivery import send_now
from functions.support.hotline.line import STEPS
from functions.support.hotline.records import HotlineCall, call_key
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import read
from tests.clock import TestClock
from tests.faults import Fault, Injection, Swept, intercepted, sweep, watched
from tests.functions.bank_cards import bind
from tests.functions.identity.asking import OTHER_PHONE, PHONE, wrong
from tests.functions.support.calling import WITHHELD, step, verified
from tests.functions.support.locked_out import amy
from tests.functions.support.saying import AMY, messages, texts
from tests.functions.withdrawals.asking import withdraw
from tests.people import Person, code_in_last_sms, fund, register, sms_sent_to
from tests.sandbox.running import RunningBank


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


def test_known_and_unknown_numbers_hear_the_same_until_a_code_proves_them(ana: Person) -> None:
    heard, calls = [], []
    for phone in (PHONE, OTHER_PHONE):
        with watched() as seen:
            heard.append(
                [
                    step(do, phone, phone, **more)
                    for do, more in (
                        ("greet", {}),
                        ("withdrawal", {}),
                        ("send_code", {}),
                        ("verify", {"code": "000000"}),
                        ("withdrawal", {}),
                        ("ticket", {"number": "261129000000"}),
                    )
                ]
            )
        calls.append([one.operation for one in seen if one.operation != "GetSecretValue"])
    assert heard[0] == heard[1]
    assert calls[0] == calls[1]
    assert [one["outcome"] for one in heard[0]] == [
        "number",
        "not_verified",
        "sent",
        "wrong_code",
        "not_verified",
        "not_found",
    ]
    assert "no account" in sms_sent_to(OTHER_PHONE)[-1] or "没有" in sms_sent_to(OTHER_PHONE)[-1]


def test_a_verified_caller_hears_of_the_last_withdrawal(ana: Person, bank: RunningBank) -> None:
    verified(PHONE)
    assert step("withdrawal", PHONE)["outcome"] == "none"
    card_id = bind(ana, bank)
    fund(ana.user_id, 100_000)
    assert withdraw(ana, card_id, 12_300, key="1").status == 202

    told = step("withdrawal", PHONE)
    assert told["outcome"] == "pending"
    assert "123.00 CNY" in told["say"]
    assert "is waiting to be processed" in told["say"]
    in_chinese = step("withdrawal", PHONE, language="zh")["say"]
    assert "正在等待处理" in in_chinese


def test_a_code_proves_one_call_only(ana: Person) -> None:
    step("send_code", PHONE)
    code = code_in_last_sms(PHONE)
    assert step("verify", PHONE, code=wrong(code))["outcome"] == "wrong_code"
    assert step("verify", PHONE, "c-2", code=code)["outcome"] == "code_expired"
    assert step("verify", PHONE, code=code)["outcome"] == "verified"
    assert step("verify", PHONE, code=code)["outcome"] == "verified"
    assert step("send_code", PHONE)["outcome"] == "verified"
    assert step("withdrawal", PHONE, "c-2")["outcome"] == "not_verified"
    kinds = [one["kind"] for one in ana.call("GET", "/v1/me/security-events").json["items"]]
    assert kinds.count("hotline_verified") == 1


def test_guesses_are_counted_over_calls(ana: Person, test_clock: TestClock) -> None:
    step("send_code", PHONE)
    code = code_in_last_sms(PHONE)
    for _ in range(settings().code_tries):
        assert step("verify", PHONE, code=wrong(code))["outcome"] == "wrong_code"
    assert step("verify", PHONE, code=code)["outcome"] == "code_expired"
    assert step("send_code", PHONE)["outcome"] == "too_many"


def test_a_call_is_one_ticket_of_its_caller(ana: Person) -> None:
    verified(PHONE)
    opened = step("ticket", PHONE, number="Timeout")
    again = step("ticket", PHONE)
    assert opened["outcome"] == "opened"
    assert opened["ticket_id"] == again["ticket_id"]
    assert opened["spoken"].replace(" ", "") == opened["number"].replace("-", "")
    ticket = ticket_of(opened["ticket_id"])
    assert (ticket.user_id, ticket.channel, ticket.messages) == (ana.user_id, "hotline", 1)

    verified_later = step("ticket", PHONE, "c-2", number=opened["number"].replace("-", ""))
    assert verified_later["outcome"] == "not_found"


def test_a_second_call_finds_the_ticket_by_its_number(ana: Person, test_clock: TestClock) -> None:
    verified(PHONE)
    first = step("ticket", PHONE)
    test_clock.move(seconds=settings().code_resend_seconds)
    verified(PHONE, "c-2")
    found = step("ticket", PHONE, "c-2", number=first["number"].replace("-", ""))
    assert (found["outcome"], found["ticket_id"]) == ("found", first["ticket_id"])
    assert [text for _, text in texts(first["ticket_id"])] == ["Called the hotline"] * 2


def test_a_ticket_of_somebody_else_is_not_there(ana: Person) -> None:
    register(OTHER_PHONE)
    verified(PHONE)
    verified(OTHER_PHONE, "c-2")
    number = step("ticket", PHONE)["number"].replace("-", "")
    assert step("ticket", OTHER_PHONE, "c-2", number=number)["outcome"] == "not_found"


def test_who_proves_the_number_later_gets_the_ticket(ana: Person) -> None:
    ticket_id = step("ticket", PHONE)["ticket_id"]
    assert ticket_of(ticket_id).user_id is None
    verified(PHONE)
    assert ticket_of(ticket_id).user_id == ana.user_id


def test_a_withheld_number_gets_no_code_and_no_callback_but_a_ticket() -> None:
    assert step("greet", WITHHELD)["outcome"] == "withheld"
    assert step("send_code", WITHHELD)["outcome"] == "withheld"
    assert step("call_back", WITHHELD)["outcome"] == "withheld"
    assert step("verify", WITHHELD, code="123456")["outcome"] == "code_expired"
    assert step("ticket", WITHHELD)["outcome"] == "opened"


def test_an_answer_goes_back_by_text_message(ana: Person) -> None:
    ticket_id = step("ticket", PHONE)["ticket_id"]
    posted = reply(ticket_id, "Your card was blocked by\nthe bank.", by=AMY, source_id="1")
    send_now(posted.ticket_id, posted.sequence)
    number = ticket_of(ticket_id).number
    assert sms_sent_to(PHONE)[-1] == (
        f"U Wallet support, ticket {number}: Your card was blocked by the bank."
    )
    assert messages(ticket_id)[-1].delivery == "sent"


def test_an_answer_to_a_withheld_number_is_told_to_the_agent() -> None:
    ticket_id = step("ticket", WITHHELD)["ticket_id"]
    reply(ticket_id, "We could not reach you.", by=AMY, source_id="1")
    assert messages(ticket_id)[-1].delivery == "failed"


def test_a_refusal_is_an_answer_and_an_error_is_not(ana: Person) -> None:
    step("greet", PHONE)
    with intercepted(Injection(Fault.UNREACHABLE, 1, lasting=True).answer):
        told = step("greet", PHONE)
    assert told["outcome"] == "unavailable"
    assert "busy" in told["say"]
    with pytest.raises(KeyError):
        step("unheard_of", PHONE)


@pytest.mark.parametrize("do", sorted(STEPS))
def test_every_answer_is_small_and_holds_no_number_of_the_caller(ana: Person, do: str) -> None:
    told = step(do, PHONE)
    assert len(json.dumps(told)) < 4_000
    assert PHONE[-8:] not in json.dumps(told)


def test_the_number_of_a_caller_is_kept_sealed(ana: Person) -> None:
    step("greet", PHONE)
    kept = read([call_key("c-1")]).one(HotlineCall, call_key("c-1"))
    assert kept is not None
    assert PHONE[-8:] not in str(kept.phone)


class Calling(Swept):
    """Opens one ticket and books one call, whatever is repeated."""

    def prepare(self) -> None:
        register(PHONE)
        self.agent = amy()

    def act(self) -> Any:
        told = [step("ticket", PHONE), step("call_back", PHONE)]
        if any(one["outcome"] == "unavailable" for one in told):
            raise ServiceUnavailable
        return told

    def check_done(self) -> None:
        opened, booked = self.act()
        assert opened["outcome"] == "opened"
        assert booked["outcome"] == "booked"
        assert ticket_of(opened["ticket_id"]).messages == 1

    def run_sweepers(self) -> None:
        """Nothing is left behind."""

    def check_finally(self) -> None:
        """A call does not last for days."""


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
def test_it_happens_once(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Calling, fault, test_clock)
