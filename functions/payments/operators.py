"""What operators do with merchants, by invoking a function: only who may invoke it is an operator.

They say what they want as `{"do": "add", "name": ..., "operator": ...}`, and get `{"done": {...}}`
or, for what is refused, `{"refused": {"code": ..., "detail": ...}}`.
"""

from typing import Any, Literal

import msgspec

from functions.agents.actor import Actor
from functions.agents.operators import OperatorWish, Text, answered
from functions.payments import merchants, settlement_card, stall
from functions.payments.merchants import Terms


class Wish(OperatorWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: Literal[
        "add",
        "change",
        "bind_card",
        "confirm_card",
        "settle",
        "make_key",
        "revoke_key",
        "disable",
        "enable",
        "list",
        "qr",
    ]
    merchant_id: Text = ""
    key_id: Text = ""
    name: Text | None = None
    fee_basis_points: int | None = None
    notify_url: Text | None = None
    settlement_at: Text | None = None
    settlement_minimum: int | None = None
    settlement_reserve: int | None = None
    number: Text = ""
    holder_name: Text = ""
    phone: Text = ""
    binding_id: Text = ""
    code: Text = ""


def administer(event: dict[str, Any], *, request_id: str) -> dict[str, Any]:
    """Does what an operator wishes with merchants."""
    return answered(event, Wish, _done, request_id=request_id)


def _done(wish: Wish, by: Actor) -> dict[str, Any]:
    match wish.do:
        case "add":
            return merchants.add(_terms(wish), by=by)._asdict()
        case "list":
            return {"merchants": msgspec.to_builtins(merchants.list_merchants())}
        case "qr":
            return stall.to_print(wish.merchant_id)
        case "make_key":
            return merchants.make_key(wish.merchant_id, by=by)._asdict()
        case "bind_card":
            return settlement_card.start(
                wish.merchant_id, number=wish.number, holder_name=wish.holder_name, phone=wish.phone
            )
        case "confirm_card":
            return settlement_card.confirm(
                wish.merchant_id, binding_id=wish.binding_id, code=wish.code, by=by
            )
    return {"merchant_id": _changed(wish, by)}


def _changed(wish: Wish, by: Actor) -> str:
    match wish.do:
        case "change":
            return merchants.change(wish.merchant_id, _terms(wish), by=by)
        case "settle":
            return merchants.settle_now(wish.merchant_id, by=by)
        case "revoke_key":
            return merchants.revoke_key(wish.merchant_id, wish.key_id, by=by)
        case "disable":
            return merchants.disable(wish.merchant_id, by=by)
        case "enable":
            return merchants.enable(wish.merchant_id, by=by)
    raise AssertionError(wish.do)


def _terms(wish: Wish) -> Terms:
    return Terms(
        name=wish.name,
        fee_basis_points=wish.fee_basis_points,
        notify_url=wish.notify_url,
        settlement_at=wish.settlement_at,
        settlement_minimum=wish.settlement_minimum,
        settlement_reserve=wish.settlement_reserve,
    )
