"""A call on the hotline, step by step: who calls, proving it by a code, and what they may hear.

A number on a display proves nothing: anybody can show any. So nothing is said of an account, not
even that there is one, before the code that was sent to the number was typed in.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from functions.identity.directory import User, owner_of, user_of
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.security_events import Happening, note
from functions.identity.targets import Phone
from functions.identity.verification_code import CodeExpired, proven, send_code, using
from functions.support import hours
from functions.support.conversation import Opening, add_message, bind, open_ticket
from functions.support.hotline.callbacks import Whom, book
from functions.support.hotline.records import HotlineCall, call_key
from functions.support.incoming import Author, Incoming, WayBack
from functions.support.records import CLOSED, SOLVED, Ticket, TicketLine, number_key
from functions.support.tickets import ticket_of
from functions.withdrawals.history import history
from functions.withdrawals.models import WithdrawalView
from shared import clock
from shared.errors import NotFound, Texts
from shared.identifiers import derived_id
from shared.money import display
from shared.observability import count
from shared.phone import lookup_digest, normalised
from shared.settings import settings
from shared.table import Cancelled, change, put_new, read, update, write
from shared.web.pages import PageQuery
from shared.web.problems import InvalidField

Said = dict[str, str]
# A flow says `Timeout` where nothing was typed in.
_NUMBER = re.compile("[0-9]{12}")
_CALLED = Texts("致电客服热线", "Called the hotline")
_TOPICS = {
    "1": Texts("付款或转账", "a payment or a transfer"),
    "2": Texts("充值或提现", "a top-up or a withdrawal"),
    "3": Texts("登录或账户安全", "signing in, or the safety of the account"),
}
_OTHER_TOPIC = Texts("其他问题", "something else")
_STATUS = {
    "pending": Texts("正在等待处理", "is waiting to be processed"),
    "submitted": Texts("银行正在处理", "is with the bank"),
    "unknown": Texts("正在向银行核实", "is being asked for at the bank"),
    "paid": Texts("已经到账", "has arrived"),
    "failed": Texts("没有成功，资金已退回钱包", "failed, and the money is back in your wallet"),
    "reversed": Texts("被银行退回，资金已退回钱包", "came back, and is in your wallet again"),
    "cancelled": Texts("已取消", "was cancelled"),
}
_WITHDRAWAL = Texts(
    "您最近一笔提现是 {day} 申请的 {amount}，尾号 {last4}，{status}。",
    "Your last withdrawal of {amount}, asked for on {day} to the card ending in {last4}, {status}.",
)
_NO_WITHDRAWAL = Texts("您还没有提现记录。", "You have not withdrawn anything yet.")


class Caller(NamedTuple):
    """A step of one call: the record of it, what the flow says with it, and the language."""

    call: HotlineCall
    parameters: Mapping[str, str]
    language: str

    @property
    def phone(self) -> str | None:
        sealed = self.call.phone
        if not sealed:
            return None
        return open_sealed(sealed, of=place(call_key(self.call.contact_id), "phone"))

    @property
    def user(self) -> User | None:
        """Whose call it is, once that was proven."""
        return user_of(self.call.user_id) if self.call.user_id else None


def begun(contact_id: str, address: str) -> HotlineCall:
    """The record of a call; its first step makes it. address: as the network gave it."""
    key = call_key(contact_id)
    call = read([key]).one(HotlineCall, key)
    if call is not None:
        return call
    phone = _phone(address)
    call = HotlineCall(
        *key[1:],
        contact_id=contact_id,
        phone=None if phone is None else seal(phone, of=place(key, "phone")),
        ttl=clock.seconds() + settings().hotline_call_seconds,
    )
    if put_new(call):
        count("HotlineCalls", number="withheld" if phone is None else "shown")
    return read([key]).one(HotlineCall, key) or call


def greet(caller: Caller) -> Said:
    """Whether a code can be sent at all, and whether somebody is here. The same for all phones."""
    return {
        "outcome": "withheld" if caller.phone is None else "number",
        "open": "yes" if hours.is_open(clock.seconds()) else "no",
    }


def send(caller: Caller) -> Said:
    """Sends a code to the number that the call shows."""
    phone = caller.phone
    if caller.call.user_id:
        return {"outcome": "verified"}
    if phone is None:
        return {"outcome": "withheld"}
    sent = send_code(target=Phone(phone), purpose="hotline", language=caller.language, address=None)
    sending = [HotlineCall.verification_id.set(sent.verification_id)]
    change(_at(caller.call), sending, HotlineCall.contact_id.exists())
    return {"outcome": "sent"}


def verify(caller: Caller) -> Said:
    """Takes the code that the caller types, once."""
    phone, verification_id = caller.phone, caller.call.verification_id
    if caller.call.user_id:
        return {"outcome": "verified"}
    if phone is None or not verification_id:
        raise CodeExpired
    verification = proven(
        target=Phone(phone),
        purpose="hotline",
        verification_id=verification_id,
        code=caller.parameters.get("code", ""),
    )
    user = owner_of(phone)
    if user is None or verification.used_by:
        raise CodeExpired
    proving = update(
        _at(caller.call),
        [HotlineCall.user_id.set(user.user_id)],
        HotlineCall.contact_id.exists() & HotlineCall.user_id.does_not_exist(),
    )
    try:
        write(using(verification, user.user_id), proving)
    except Cancelled as cancelled:
        raise CodeExpired from cancelled
    note(user.user_id, Happening.HOTLINE_VERIFIED)
    if caller.call.ticket_id:
        bind(caller.call.ticket_id, user.user_id, proven_by="hotline_code")
    return {"outcome": "verified"}


def ticket(caller: Caller) -> Said:
    """Opens the ticket of this call, or adds the call to the one whose number was typed in."""
    typed = caller.parameters.get("number", "")
    number = typed if _NUMBER.fullmatch(typed) else ""
    found = _own_ticket(caller, number) if number else None
    if number and found is None:
        return {"outcome": "not_found"}
    incoming = _message(caller)
    if found is not None:
        posted, outcome = add_message(found.ticket_id, incoming), "found"
    else:
        subject = _CALLED.in_language(caller.language, {})
        opening = Opening(subject, user_id=caller.call.user_id, tags=("hotline",))
        posted, outcome = open_ticket(incoming, opening), "opened"
    linking = [HotlineCall.ticket_id.set(posted.ticket_id)]
    change(_at(caller.call), linking, HotlineCall.contact_id.exists())
    number = ticket_of(posted.ticket_id).number
    return {
        "outcome": outcome,
        "ticket_id": posted.ticket_id,
        "number": number,
        "spoken": " ".join(number.replace("-", "")),
    }


def withdrawal(caller: Caller) -> Said:
    """Tells the state of the last withdrawal, to who has proven who they are."""
    user = caller.user
    if user is None:
        return {"outcome": "not_verified"}
    last = history(user.user_id, PageQuery(limit=1), language=caller.language).items
    if not last:
        return {"outcome": "none", "say": _NO_WITHDRAWAL.in_language(caller.language, {})}
    return {"outcome": last[0].status, "say": _spoken(last[0], caller.language)}


def call_back(caller: Caller) -> Said:
    """Books a call back to the number that the call shows."""
    phone = caller.phone
    if phone is None:
        return {"outcome": "withheld"}
    topic = _TOPICS.get(caller.parameters.get("topic", ""), _OTHER_TOPIC)
    booked = book(
        derived_id("cb", "hotline", caller.call.contact_id),
        Whom(phone, caller.user, caller.language),
        topic.in_language(caller.language, {}),
    )
    return {"outcome": "booked", "not_before": booked.not_before, "phone": booked.phone}


def _own_ticket(caller: Caller, typed: str) -> Ticket | None:
    """A ticket of the caller that is not over, by the twelve digits of its number."""
    key = number_key(f"{typed[:6]}-{typed[6:]}")
    line = read([key]).one(TicketLine, key)
    if line is None or not caller.call.user_id:
        return None
    try:
        found = ticket_of(line.ticket_id)
    except NotFound:
        return None
    is_over = found.state in (SOLVED, CLOSED)
    return None if is_over or found.user_id != caller.call.user_id else found


def _message(caller: Caller) -> Incoming:
    user_id, phone = caller.call.user_id, caller.phone
    visitor = f"p_{lookup_digest(phone).hex()[:26]}" if phone else "p_withheld"
    return Incoming(
        channel="hotline",
        author=Author("user", user_id) if user_id else Author("visitor", visitor),
        text=_CALLED.in_language(caller.language, {}),
        source_id=caller.call.contact_id,
        language="en" if caller.language == "en" else "zh",
        way_back=WayBack(phone) if phone else None,
    )


def _spoken(last: WithdrawalView, language: str) -> str:
    values = {
        "day": last.created_at[:10],
        "amount": display(last.amount),
        "last4": " ".join(last.card.last4),
        "status": _STATUS[last.status].in_language(language, {}),
    }
    cause = f" {last.diagnosis.cause}" if last.diagnosis else ""
    return _WITHDRAWAL.in_language(language, values) + cause


def _phone(address: str) -> str | None:
    try:
        return normalised(address)
    except InvalidField:
        return None


def _at(call: HotlineCall) -> HotlineCall:
    return HotlineCall(call.pk, call.sk)
