"""Where a code can be sent: a phone by SMS, a mail address by SES."""

from dataclasses import dataclass
from typing import Protocol

from shared import mail, phone, sms
from shared.errors import Texts

_SUBJECT = Texts("【U钱包】验证码", "U Wallet: your code")


class Target(Protocol):
    """Somebody who can be reached, and has proven it by telling the code that was sent there."""

    @property
    def address(self) -> str:
        """The one spelling of it that there is."""

    @property
    def digest(self) -> str:
        """What it is stored and counted by."""

    def send(self, text: str, *, language: str) -> None:
        """Raises ServiceUnavailable when the message is not taken."""


@dataclass(frozen=True)
class Phone:
    """address: E.164."""

    address: str

    @property
    def digest(self) -> str:
        return phone.lookup_digest(self.address).hex()

    def send(self, text: str, *, language: str) -> None:
        sms.send(self.address, text)


@dataclass(frozen=True)
class Mail:
    """address: as `mail.normalised` gives it."""

    address: str

    @property
    def digest(self) -> str:
        return mail.lookup_digest(self.address).hex()

    def send(self, text: str, *, language: str) -> None:
        mail.send(self.address, subject=_SUBJECT.in_language(language, {}), text=text)
