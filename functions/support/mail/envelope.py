"""What SES says of a mail that it has taken in, and how far its sender can be believed."""

from typing import Any

from msgspec import Struct, convert

PASS, FAIL, GRAY = "PASS", "FAIL", "GRAY"
MISSING = "MISSING"


class _Verdict(Struct, frozen=True):
    status: str = MISSING


class _Action(Struct, frozen=True, rename="camel"):
    object_key: str = ""


class _Receipt(Struct, frozen=True, rename="camel"):
    action: _Action = _Action()
    recipients: tuple[str, ...] = ()
    spam_verdict: _Verdict = _Verdict()
    virus_verdict: _Verdict = _Verdict()
    spf_verdict: _Verdict = _Verdict()
    dkim_verdict: _Verdict = _Verdict()
    dmarc_verdict: _Verdict = _Verdict()


class _Head(Struct, frozen=True, rename="camel"):
    message_id: str
    source: str = ""


class Received(Struct, frozen=True, rename="camel"):
    """The notification of a receipt rule, as far as it is looked at."""

    mail: _Head
    receipt: _Receipt


class Envelope(Struct, frozen=True, kw_only=True):
    """recipients: of our own domain. Verdicts are `PASS`, `FAIL`, `GRAY`, `PROCESSING_FAILED` or
    `MISSING`.
    """

    has_return_path: bool
    recipients: tuple[str, ...]
    spam: str
    virus: str
    spf: str
    dkim: str
    dmarc: str

    @property
    def proves_sender(self) -> bool:
        """Whether the address that the mail names is surely the one that it came from."""
        return self.dmarc == PASS and self._of_its_domain

    @property
    def fits_sender(self) -> bool:
        """Whether nothing speaks against it: many domains have no policy that could be kept."""
        return self.dmarc in {PASS, GRAY} and self._of_its_domain

    @property
    def refusal(self) -> str | None:
        """Why the mail comes into no ticket."""
        if self.virus == FAIL:
            return "virus"
        return "spam" if self.spam == FAIL else None

    @property
    def _of_its_domain(self) -> bool:
        return PASS in {self.spf, self.dkim}


def received(notification: Any) -> Received:
    """Raises ValidationError (msgspec) for what is no notification of a receipt."""
    return convert(notification, Received)


def envelope_of(told: Received) -> Envelope:
    receipt = told.receipt
    return Envelope(
        has_return_path=bool(told.mail.source.strip().strip("<>")),
        recipients=receipt.recipients,
        spam=receipt.spam_verdict.status,
        virus=receipt.virus_verdict.status,
        spf=receipt.spf_verdict.status,
        dkim=receipt.dkim_verdict.status,
        dmarc=receipt.dmarc_verdict.status,
    )
