"""Telling of a movement under every fault at every call it makes: made once, sent at least once."""

from typing import Any

import pytest

from functions.notifications.events import on_movements, on_schedule
from functions.notifications.notifying import NothingTold
from shared.errors import ServiceUnavailable
from tests.clock import TestClock
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.bank_cards import unused_phone
from tests.functions.notifications.hearing import NO_FAILURES, bind_email, choose, heard, unread
from tests.functions.scheduled import TICK
from tests.ledger_stream import event, ledger_stream
from tests.people import fund, mails_sent_to, register

EMAIL = "ana@post.example"


class Telling(Swept):
    """Of a movement, to somebody who wants to hear of it by mail as well."""

    def prepare(self) -> None:
        self.ana = register(unused_phone(), pay_password=False)
        bind_email(self.ana, EMAIL)
        choose(self.ana, push=[], email=["top_up"])
        self.mails = len(mails_sent_to(EMAIL))
        with ledger_stream() as self.records:
            fund(self.ana.user_id, 500)

    def act(self) -> Any:
        try:
            answer = on_movements(event(self.records), None)
        except NothingTold as error:
            raise ServiceUnavailable from error
        if answer != NO_FAILURES:
            raise ServiceUnavailable
        return answer

    def check_done(self) -> None:
        self.ana = self.ana.back_again()
        (text,) = heard(self.ana)
        assert ("5.00 CNY" in text, unread(self.ana)) == (True, 1)

    def run_sweepers(self) -> None:
        on_schedule(TICK, None)

    def check_finally(self) -> None:
        self.check_done()
        (text,) = heard(self.ana)
        assert any(text in mail for mail in mails_sent_to(EMAIL)[self.mails :])


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
def test_it_is_told_of_once(fault: Fault, cloud: None, test_clock: TestClock) -> None:
    assert sweep(Telling, fault, test_clock)


@pytest.mark.parametrize(
    "fault", [Fault.UNREACHABLE, Fault.RESPONSE_LOST], ids=lambda fault: fault.name
)
def test_it_is_told_of_once_after_a_fault_that_lasts(
    fault: Fault, cloud: None, test_clock: TestClock
) -> None:
    assert sweep(Telling, fault, test_clock, lasting=True)
