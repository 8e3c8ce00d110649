"""Whatever dies or is lost while a mail is taken in: once it has come again it is there, once."""

import pytest

from functions.support.delivery import send_waiting
from functions.support.mail.events import on_mail
from functions.support.mail.intake import known_mail
from functions.support.mail.records import FILED
from shared.identifiers import derived_id
from tests.clock import TestClock
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.support.mail.posting import notification, put_raw, tell, went_out, written
from tests.functions.support.saying import messages

_PNG = b"\x89PNG\r\n\x1a\n"


class MailComingIn(Swept):
    """The queue hands a mail over again until it is taken in."""

    def prepare(self) -> None:
        mail = written("My payment failed.")
        mail.add_attachment(_PNG, maintype="image", subtype="png", filename="receipt.png")
        put_raw("ses-1", mail.as_bytes())

    def act(self) -> None:
        tell(on_mail, notification("ses-1"))

    def check_done(self) -> None:
        record = known_mail(derived_id("ml", "ses-1"))
        assert record is not None
        assert record.state == FILED
        assert not record.acknowledge
        said, acknowledged = messages(str(record.ticket_id))
        assert said.text == "My payment failed."
        assert len(said.attachments) == 1
        assert acknowledged.author_kind == "system"

    def run_sweepers(self) -> None:
        send_waiting()

    def check_finally(self) -> None:
        """It went out, at least once: whoever dies between sending and noting it sends it again."""
        self.check_done()
        ids = {mail["Message-ID"] for mail in went_out()}
        assert len(ids) == 1


@pytest.mark.parametrize("fault", CUTS)
def test_a_mail_is_taken_in_once_whatever_happens(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(MailComingIn, fault, test_clock) > 5
