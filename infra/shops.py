"""The merchants of a local stack, who are made at its first start, as operators make them."""

from typing import NamedTuple

from infra.deploy import Place
from infra.staff import administer

_NAMES = ("Kafei 咖啡", "Shudian 书店")


class LocalMerchant(NamedTuple):
    """Somebody who can be paid here, and only here."""

    merchant_id: str
    secret: str
    name: str


def shops(known: list[LocalMerchant], *, place: Place, function: str) -> list[LocalMerchant]:
    """All merchants of a stack. known: those of its last start, who are there unless it forgot.

    Raises Refused.
    """
    listed = administer(place, function, {"do": "list"})["merchants"]
    there = {one["merchant_id"] for one in listed}
    by_name = {one.name: one for one in known if one.merchant_id in there}
    return [by_name.get(name) or _added(place, function, name) for name in _NAMES]


def _added(place: Place, function: str, name: str) -> LocalMerchant:
    key = administer(place, function, {"do": "add", "name": name})
    return LocalMerchant(key["merchant_id"], key["secret"], name)
