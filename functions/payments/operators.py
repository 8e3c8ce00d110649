"""What operators do with merchants, by invoking a function: only who may invoke it is an operator.

They say what they want as `{"do": "add", "name": ..., "operator": ...}`, and get `{"done": {...}}`
or, for what is refused, `{"refused": {"code": ..., "detail": ...}}`.
"""

from typing import Any, Literal

import msgspec

from functions.agents.actor import Actor
from functions.agents.operators import OperatorWish, Text, answered
from functions.payments import merchants, stall
from functions.payments.merchants import Terms
from functions.payments.models import SettlementCard


class Wish(OperatorWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: Literal["add", "change", "make_key", "revoke_key", "disable", "enable", "list", "qr"]
    merchant_id: Text = ""
    key_id: Text = ""
    name: Text | None = None
    fee_basis_points: int | None = None
    notify_url: Text | None = None
    settlement_card: SettlementCard | None = None


def administer(event: dict[str, Any], *, request_id: str) -> dict[str, Any]:
    """Does what an operator wishes with merchants."""
    return answered(event, Wish, _done, request_id=request_id)


def _done(wish: Wish, by: Actor) -> dict[str, Any]:
    terms = Terms(wish.name, wish.fee_basis_points, wish.notify_url, wish.settlement_card)
    match wish.do:
        case "add":
            return merchants.add(terms, by=by)._asdict()
        case "change":
            return {"merchant_id": merchants.change(wish.merchant_id, terms, by=by)}
        case "make_key":
            return merchants.make_key(wish.merchant_id, by=by)._asdict()
        case "revoke_key":
            return {"merchant_id": merchants.revoke_key(wish.merchant_id, wish.key_id, by=by)}
        case "disable" | "enable":
            setting = merchants.disable if wish.do == "disable" else merchants.enable
            return {"merchant_id": setting(wish.merchant_id, by=by)}
        case "qr":
            return stall.to_print(wish.merchant_id)
        case "list":
            return {"merchants": msgspec.to_builtins(merchants.list_merchants())}
