"""What moves money: charges, payouts and refunds. The card says how each of them goes."""

import json
import secrets
import sqlite3
from dataclasses import dataclass, replace

from infra.sandbox.books import Binding, Books, DueStep, Order, OrderKind
from infra.sandbox.cards import Behaviour, Course, behaviour_of
from infra.sandbox.database import together
from infra.sandbox.faults import NotificationFault, Planned
from infra.sandbox.outbox import Outbox
from infra.sandbox.outcome import NoAnswer, Refusal, moment, now, text_of

CURRENCY = "CNY"
STEPS_AT_ONCE = 100
_ID_PREFIXES = {"charge": "chg", "payout": "pay", "refund": "ref"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The same order with the same reference is done once, and told as it stands."""

    database: sqlite3.Connection
    books: Books
    outbox: Outbox
    faults: Planned[NotificationFault]

    def charge(self, *, reference: str, card_token: str, amount: int, currency: str) -> Order:
        """Takes `amount` minor units from the card."""
        wish = _wish("charge", reference, card_token, amount, currency)
        return self._known(wish) or self._first(wish, self._bound_card(card_token))

    def pay_out(self, *, reference: str, card_token: str, amount: int, currency: str) -> Order:
        """Sends `amount` minor units to the card."""
        wish = _wish("payout", reference, card_token, amount, currency)
        known = self._known(wish)
        if known:
            return known
        card = self._bound_card(card_token)
        if behaviour_of(card.number).kind == "credit":
            raise Refusal(422, "CARD_KIND_NOT_ALLOWED")
        return self._first(wish, card)

    def refund(self, *, reference: str, charge_reference: str, amount: int, currency: str) -> Order:
        """Sends `amount` minor units of a charge back, also to a card that is unbound by now."""
        charge = self.find("charge", charge_reference)
        wish = replace(
            _wish("refund", reference, charge.card_token, amount, currency),
            charge_reference=charge_reference,
        )
        known = self._known(wish)
        if known:
            return known
        if charge.status != "succeeded":
            raise Refusal(422, "CHARGE_NOT_SUCCEEDED")
        if self.books.refunded(charge_reference) + amount > charge.amount:
            raise Refusal(422, "REFUND_EXCEEDS_CHARGE")
        return self._first(wish, self.books.card_of(charge))

    def find(self, kind: OrderKind, reference: str) -> Order:
        order = self.books.order(kind, reference)
        if order is None:
            raise Refusal(404, f"{kind.upper()}_NOT_FOUND")
        return order

    def take_due_steps(self) -> None:
        """Goes on with the orders whose time has come, and has it told."""
        for step in self.books.due_steps(moment(), limit=STEPS_AT_ONCE):
            with together(self.database):
                order = self.books.take(step, now=now())
                # Of refunds nobody is told: they are asked for.
                if order.kind != "refund":
                    body = json.dumps({order.kind: described(order)})
                    self.outbox.add(step, topic=f"{order.kind}s", body=body, now=moment())

    def _known(self, wish: Order) -> Order | None:
        known = self.books.order(wish.kind, wish.reference)
        if known and _asked(known) != _asked(wish):
            raise Refusal(409, "REFERENCE_REUSED")
        return known

    def _bound_card(self, card_token: str) -> Binding:
        card = self.books.bound_card(card_token)
        if card is None:
            raise Refusal(422, "CARD_NOT_BOUND")
        return card

    def _first(self, wish: Order, card: Binding) -> Order:
        if wish.currency != CURRENCY:
            raise Refusal(422, "CURRENCY_NOT_SUPPORTED")
        behaviour = behaviour_of(card.number)
        if behaviour.unavailable_times > self.books.times_turned_away(wish.kind, wish.reference):
            self.books.turn_away(wish.kind, wish.reference)
            raise Refusal(503, "BANK_UNAVAILABLE")
        if behaviour.silence == "lost":
            raise NoAnswer
        course = _course(behaviour, wish.kind)
        order = replace(wish, status=course.status, reason=course.reason)
        self.books.book(order, self._steps(order, course, behaviour.copies))
        if behaviour.silence == "executed":
            raise NoAnswer
        return order

    def _steps(self, order: Order, course: Course, copies: int) -> list[DueStep]:
        """The fault that was planned spoils the first of them."""
        steps = [
            DueStep(
                order_id=order.order_id,
                status=step.status,
                reason=step.reason,
                due_at=moment() + step.after_seconds,
                copies=copies,
            )
            for step in course.steps
        ]
        fault = self.faults.next() if steps and order.kind != "refund" else None
        if fault:
            due_at = moment() if fault == "early" else steps[0].due_at
            steps[0] = replace(steps[0], fault=fault, due_at=due_at)
        return steps


def described(order: Order) -> dict[str, str | int | None]:
    """An order as the bank tells it; `amount` in minor units, `reason` null unless it failed."""
    return {
        f"{order.kind}_id": order.order_id,
        "reference": order.reference,
        "status": order.status,
        "reason": order.reason,
        "amount": order.amount,
        "currency": order.currency,
        "booked_at": text_of(order.booked_at),
    }


def _wish(kind: OrderKind, reference: str, card_token: str, amount: int, currency: str) -> Order:
    return Order(
        order_id=f"{_ID_PREFIXES[kind]}_{secrets.token_hex(12)}",
        kind=kind,
        reference=reference,
        card_token=card_token,
        amount=amount,
        currency=currency,
        status="",
        reason=None,
        booked_at=now(),
    )


def _asked(order: Order) -> tuple[object, ...]:
    return order.card_token, order.charge_reference, order.amount, order.currency


def _course(behaviour: Behaviour, kind: OrderKind) -> Course:
    courses = {
        "charge": behaviour.charge,
        "payout": behaviour.payout,
        "refund": behaviour.refund,
    }
    return courses[kind]
