"""From a webhook of a social network to one conversation for each who writes there.

A network that is not answered tells it again, up to days later; the id of the message makes it one.
"""

from functions.support.conversation import Opening, add_message, open_ticket, ticket_id_of
from functions.support.incoming import SUBJECT_LIMIT, Author, Incoming, Language, WayBack
from functions.support.social.networks import Name, network
from functions.support.social.port import Said
from functions.support.social.records import Contact, contact_key
from functions.support.ways import contact_digest
from shared.errors import ServiceUnavailable
from shared.observability import count
from shared.rate_limit import TooManyRequests, Window, take
from shared.settings import settings
from shared.table import Cancelled, Key, change, put, read
from shared.web import Received

_HOUR_SECONDS = 3_600
_TRIES = 3


def receive(name: Name, received: Received, query: dict[str, str]) -> None:
    """Raises NotFound, NotGenuine, MalformedMessage, ServiceUnavailable."""
    for said in network(name).read(received, query):
        _take(said)


def _take(said: Said) -> None:
    """What one person sends beyond a bound is left out; to refuse it would have it sent again."""
    digest = contact_digest(f"{said.channel}:{said.sender}")
    storm = Window(
        name="social_messages",
        subject=digest,
        maximum=settings().social_messages_per_hour,
        seconds=_HOUR_SECONDS,
    )
    try:
        take([storm])
    except TooManyRequests:
        count("SocialMessagesLeftOut", channel=said.channel)
        return
    _post(said, digest)
    count("SocialMessages", channel=said.channel)


def _post(said: Said, digest: str) -> None:
    key, incoming = contact_key(said.channel, digest), _incoming(said, digest)
    for _ in range(_TRIES):
        contact = read([key]).one(Contact, key)
        if contact is not None:
            posted = add_message(contact.ticket_id, incoming)
            _follow(contact, posted.ticket_id)
            return
        if _opened(key, said, incoming):
            return
    raise ServiceUnavailable


def _opened(key: Key, said: Said, incoming: Incoming) -> bool:
    """Opens the first ticket of a person; False when another message was faster."""
    opening = Opening(said.text[:SUBJECT_LIMIT] or said.channel, tags=(said.channel,))
    contact = Contact(*key[1:], ticket_id=ticket_id_of(said.channel, said.message_id))
    try:
        open_ticket(incoming, opening, together_with=[put(contact)])
    except Cancelled:
        return False
    return True


def _follow(contact: Contact, ticket_id: str) -> None:
    """A ticket that is over goes on in another one."""
    if contact.ticket_id != ticket_id:
        as_read = Contact.ticket_id == contact.ticket_id
        change(Contact(contact.pk, contact.sk), [Contact.ticket_id.set(ticket_id)], as_read)


def _incoming(said: Said, digest: str) -> Incoming:
    return Incoming(
        channel=said.channel,
        author=Author("visitor", f"s_{digest[:26]}"),
        text=said.text,
        source_id=said.message_id,
        language=_language(said),
        way_back=WayBack(said.sender, {"at": str(said.at)}),
    )


def _language(said: Said) -> Language:
    has_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in said.text)
    return "zh" if has_chinese or said.channel == "wechat" else "en"
