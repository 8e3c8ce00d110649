"""Asking to be let in, by somebody who is not signed in: the phone by code, then the bound mail.

For a phone of nobody no code was ever told, so it is refused as a wrong code is. The mail goes to
the address that was given, whichever it is; only where that is the bound one it holds a code. So
nobody learns from an answer who is registered, or with which address.
"""

from collections.abc import Sequence

from functions.identity.contacts import email_of
from functions.identity.directory import User, owner_of
from functions.identity.models import CodeSent
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.security_events import Happening, record
from functions.identity.targets import Mail, Phone
from functions.identity.unlocking import as_proven
from functions.identity.verification_code import CodeExpired, proven, send_code, using
from functions.support.conversation import Opening, open_ticket, ticket_id_of
from functions.support.incoming import Author, Incoming, WayBack
from functions.support.unlock.models import UnlockAsked, UnlockWish
from functions.support.unlock.records import (
    OPEN,
    OPEN_LINES,
    UnlockLine,
    UnlockRequest,
    lines_of,
    unlock_key,
)
from shared import clock, mail
from shared.errors import NotFound, Texts
from shared.identifiers import derived_id
from shared.observability import count, logger
from shared.phone import masked
from shared.rate_limit import Window, take
from shared.settings import settings
from shared.table import Cancelled, Write, change, put, read, update, write

_DAY_SECONDS, _MONTH_SECONDS = 86_400, 2_592_000
_SUBJECT = Texts("申请解锁账户", "Asks to unlock the account")
_MESSAGE = Texts(
    "我凭注册手机的验证码申请解锁账户，请与我核实。",
    "I have proven my phone by a code and ask you to unlock my account.",
)
_NOT_BOUND = Texts(
    "【U钱包】有人用此邮箱申请解锁账户，但它没有绑定在该账户上，因此没有验证码。如非本人操作，请忽略。",
    "U Wallet: somebody gave this mail address to have an account unlocked. It is not bound to "
    "that account, so there is no code. If it was not you, ignore this.",
)


def ask(wish: UnlockWish, *, phone: str, origin: Origin, language: str) -> UnlockAsked:
    """Files a request for the owner of a phone (E.164), once for each code; the same again has the
    same answer while the code is valid.

    Raises InvalidField, WrongCode, CodeExpired, TooManyRequests, ServiceUnavailable.
    """
    email = None if wish.email is None else mail.normalised(wish.email)
    verification = proven(
        target=Phone(phone),
        purpose="unlock",
        verification_id=wish.verification_id,
        code=wish.code,
    )
    user = owner_of(phone)
    if user is None:
        raise CodeExpired
    request_id = derived_id("ul", verification.verification_id)
    if not verification.used_by:
        used = using(verification, user.user_id)
        _file(_request(request_id, user, phone, email, wish.report_id), user, phone, origin, [used])
    request = _find(request_id)
    if request is None or request.user_id != user.user_id or _email(request) != email:
        raise CodeExpired
    if email is not None and not request.email_verification_id:
        _send_mail_code(request, email, language=language, address=origin.address)
    return UnlockAsked(
        request_id=request_id,
        email_code_sent=email is not None,
        expires_in=settings().unlock_request_seconds,
    )


def send_mail_code(request_id: str, *, language: str, address: str) -> CodeSent:
    """Sends another code to the address that was given. Raises NotFound, TooManyRequests."""
    request = open_request(request_id)
    email = _email(request)
    if email is None:
        raise NotFound
    return _send_mail_code(request, email, language=language, address=address)


def prove_mail(request_id: str, code: str) -> None:
    """Takes the code that went to the bound address; the same again is a success.

    Raises NotFound, WrongCode, CodeExpired, TooManyRequests, ServiceUnavailable.
    """
    request = open_request(request_id)
    email, verification_id = _email(request), request.email_verification_id
    if email is None or not verification_id:
        raise NotFound
    verification = proven(
        target=Mail(email), purpose="unlock_email", verification_id=verification_id, code=code
    )
    if verification.used_by or not request.email_fits:
        if not request.email_proven_at:
            raise CodeExpired
        return
    used = using(verification, request.user_id)
    proving = update(
        UnlockRequest(request.pk, request.sk),
        [UnlockRequest.email_proven_at.set(clock.seconds()), UnlockRequest.version.add(1)],
        UnlockRequest.state == OPEN,
    )
    try:
        write(used, proving)
    except Cancelled as cancelled:
        current = _find(request_id)
        if current is None or not current.email_proven_at:
            raise CodeExpired from cancelled
        return
    count("UnlockMailsProven")


def open_request(request_id: str) -> UnlockRequest:
    """One that nobody has decided and that has not expired. Raises NotFound."""
    request = _find(request_id)
    if request is None or request.state != OPEN or request.expires_at <= clock.seconds():
        raise NotFound
    return request


def _find(request_id: str) -> UnlockRequest | None:
    key = unlock_key(request_id)
    return read([key]).one(UnlockRequest, key)


def _request(
    request_id: str, user: User, phone: str, email: str | None, report_id: str | None
) -> UnlockRequest:
    key, now = unlock_key(request_id), clock.seconds()
    bound = email_of(user)
    return UnlockRequest(
        *key[1:],
        request_id=request_id,
        user_id=user.user_id,
        ticket_id=ticket_id_of("hotline", request_id),
        phone=masked(phone),
        phone_digest=Phone(phone).digest,
        proven=as_proven(user),
        email=None if email is None else seal(email, of=place(key, "email")),
        email_fits=email is not None and bound is not None and _alike(email, bound),
        email_bound=bound is not None,
        report_id=report_id,
        state=OPEN,
        created_at=clock.now_text(),
        asked_at=now,
        expires_at=now + settings().unlock_request_seconds,
        ttl=now + settings().unlock_kept_seconds,
    )


def _alike(given: str, bound: str) -> bool:
    return given.casefold() == bound.casefold()


def _file(
    request: UnlockRequest, user: User, phone: str, origin: Origin, along: Sequence[Write]
) -> None:
    """Writes it with its ticket, in which agents talk to the user, and tells the owner."""
    told = telling(user, Notice.UNLOCK_ASKED)
    event = record(user.user_id, Happening.UNLOCK_ASKED, origin=origin)
    opening = Opening(
        _SUBJECT.in_language(user.language, {}),
        user_id=user.user_id,
        priority="high",
        tags=("unlock",),
    )
    incoming = Incoming(
        channel="hotline",
        author=Author("user", user.user_id),
        text=_MESSAGE.in_language(user.language, {}),
        source_id=request.request_id,
        language=user.language,  # type: ignore[arg-type]  # of two
        way_back=WayBack(phone),
    )

    def writing(*parts: Write) -> None:
        opened = open_ticket(incoming, opening, together_with=parts)
        logger.info("unlock_asked", extra={"ticket_id": opened.ticket_id})

    lines = [put(_line(request, pk)) for pk in (OPEN_LINES, lines_of(request.user_id))]
    try:
        take(
            _limits(request.phone_digest),
            together_with=[*along, put(request), *lines, event, told.writing],
            by=writing,
        )
    except Cancelled:
        # The same request was faster: what it has written is looked at next.
        return
    count("UnlockRequests", email=_bound(request))
    told.send()


def _line(request: UnlockRequest, pk: str) -> UnlockLine:
    return UnlockLine(
        pk,
        f"{request.created_at}#{request.request_id}",
        request_id=request.request_id,
        expires_at=request.expires_at,
        ttl=request.expires_at if pk == OPEN_LINES else request.ttl,
    )


def _limits(phone_digest: str) -> list[Window]:
    """Refused ones count as well: whoever is refused can't go on asking."""
    day = Window(
        name="unlock_requests_day",
        subject=phone_digest,
        maximum=settings().unlock_requests_per_day,
        seconds=_DAY_SECONDS,
    )
    month = Window(
        name="unlock_requests_month",
        subject=phone_digest,
        maximum=settings().unlock_requests_per_month,
        seconds=_MONTH_SECONDS,
    )
    return [day, month]


def _bound(request: UnlockRequest) -> str:
    return "bound" if request.email_bound else "none"


def _email(request: UnlockRequest) -> str | None:
    sealed = request.email
    return open_sealed(sealed, of=_email_place(request)) if sealed else None


def _email_place(request: UnlockRequest) -> str:
    return place(unlock_key(request.request_id), "email")


def _send_mail_code(request: UnlockRequest, email: str, *, language: str, address: str) -> CodeSent:
    sent = send_code(
        target=Mail(email),
        purpose="unlock_email",
        language=language,
        address=address,
        asked_by=request.user_id,
        instead=None if request.email_fits else _NOT_BOUND,
    )
    change(
        UnlockRequest(request.pk, request.sk),
        [UnlockRequest.email_verification_id.set(sent.verification_id)],
        UnlockRequest.state == OPEN,
    )
    return sent
