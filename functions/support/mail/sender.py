"""Who has written a mail, as far as that is known."""

from typing import NamedTuple

from functions.identity.directory import owner_of_email
from functions.support.incoming import Author
from functions.support.mail.envelope import Envelope
from functions.support.mail.reading import Mail
from functions.support.records import Ticket
from functions.support.ways import contact_digest, contact_on


class Sender(NamedTuple):
    """user_id, language: of the user whose address it surely is. fits: nothing speaks against the
    address being the sender's.
    """

    address: str | None
    user_id: str | None
    language: str | None
    fits: bool

    @property
    def author(self) -> Author:
        if self.user_id is not None:
            return Author("user", self.user_id)
        return Author("visitor", contact_digest(self.address or ""))


def sender_of(mail: Mail, envelope: Envelope) -> Sender:
    """Only a sender who is proven is looked for among users. Raises ServiceUnavailable."""
    proven = mail.sender is not None and mail.sole_sender and envelope.proves_sender
    user = owner_of_email(mail.sender) if proven and mail.sender else None
    return Sender(
        address=mail.sender,
        user_id=None if user is None else user.user_id,
        language=None if user is None else user.language,
        fits=mail.sole_sender and envelope.fits_sender,
    )


def belongs(sender: Sender, ticket: Ticket) -> bool:
    """Whether somebody may go on with a ticket by mail.

    Its user may, from the bound address. Where there is no user, it is whoever wrote from the
    address before. So nobody comes into a user's ticket by writing an address into a header.
    """
    if ticket.user_id:
        return sender.user_id == ticket.user_id
    if sender.address is None or not sender.fits:
        return False
    contact = contact_digest(sender.address)
    return contact in {ticket.contact, contact_on(ticket.ticket_id, "mail")}
