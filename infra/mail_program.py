"""A mail program: writes to support by SMTP, and reads what comes back from the outbox."""

import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, make_msgid
from pathlib import Path

from infra.mail_door import ORDERED
from infra.stack import Addresses


class MailProgram:
    """Of one person, with one address."""

    def __init__(self, addresses: Addresses, address: str) -> None:
        self.address = address
        self._support = addresses.support_address
        self._host, _, self._port = addresses.inbound_mail.rpartition(":")
        self._outbox = Path(addresses.outbox)

    def write(
        self,
        subject: str,
        text: str,
        *,
        to: str | None = None,
        answers: EmailMessage | None = None,
        verdicts: str | None = None,
        attached: dict[str, bytes] | None = None,
    ) -> EmailMessage:
        """Sends a mail, to support unless it says otherwise.

        verdicts: which ones the local door shall find, `dmarc=FAIL`. attached: content by name.
        """
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = self.address
        mail["To"] = to or self._support
        mail["Subject"] = subject
        mail["Message-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        if answers is not None:
            known = str(answers.get("References", "")).split()
            mail["In-Reply-To"] = answers["Message-ID"]
            mail["References"] = " ".join([*known, str(answers["Message-ID"])])
        if verdicts:
            mail[ORDERED] = verdicts
        mail.set_content(text)
        for name, content in (attached or {}).items():
            mail.add_attachment(
                content, maintype="application", subtype="octet-stream", filename=name
            )
        self.send_raw(mail.as_bytes(), to=mail["To"])
        return mail

    def answer(self, mail: EmailMessage, text: str) -> EmailMessage:
        """As the button does: to where the mail wants answers, below it, with it quoted."""
        quoted = "\n".join(f"> {line}" for line in text_of(mail).splitlines())
        back_to = getaddresses([mail.get("Reply-To", mail["From"])])[0][1]
        subject = str(mail["Subject"])
        whole = f"{text}\n\nOn Sun, 1 Mar 2026, support wrote:\n{quoted}\n"
        return self.write(subject, whole, to=back_to, answers=mail)

    def send_raw(self, raw: bytes, *, to: str) -> None:
        """Hands bytes over as they are, whatever they are."""
        with smtplib.SMTP(self._host, int(self._port), timeout=30) as server:
            server.sendmail(self.address, [to], raw)

    def inbox(self) -> list[EmailMessage]:
        """What has come to the address from support, the oldest first."""
        mails = [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted(self._outbox.glob("*.eml"))
        ]
        return [
            mail
            for mail in mails
            if self.address in str(mail["To"]) and self._support in str(mail["From"])
        ]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return "" if body is None else str(body.get_content())
