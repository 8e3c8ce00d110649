"""Unsigned tools for whoever runs the bank, under `/_sandbox/`, for callers on this machine."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox.bank import Bank
from infra.sandbox.cards import TEST_CARDS
from infra.sandbox.faults import Fault, Faults
from infra.sandbox.signed_routes import described

CHARGES_SHOWN = 1_000
_THIS_MACHINE = ("127.0.0.1", "::1")

Endpoint = Callable[[Request], Awaitable[Response]]


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: Fault
    times: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRoutes:
    """shows_codes: whether binding codes can be read here, because no text message carries them."""

    bank: Bank
    faults: Faults
    shows_codes: bool

    def routes(self) -> list[Route]:
        return [
            Route("/_sandbox/cards", _local(self._cards)),
            Route("/_sandbox/charges", _local(self._charges)),
            Route("/_sandbox/codes/{binding_id}", _local(self._code)),
            Route("/_sandbox/faults", _local(self._plan_fault), methods=["POST"]),
            Route("/_sandbox/faults", _local(self._forget_faults), methods=["DELETE"]),
        ]

    async def _cards(self, _: Request) -> Response:
        """The test cards, what they do, and the minor units that were taken from each."""
        charged = self.bank.books.charged_by_number()
        return JSONResponse(
            {
                "items": [
                    {
                        "number": number,
                        "kind": behaviour.kind,
                        "behaviour": behaviour.description,
                        "charged": charged.get(number, 0),
                    }
                    for number, behaviour in TEST_CARDS.items()
                ]
            }
        )

    async def _charges(self, _: Request) -> Response:
        """All money that was ever taken, in minor units, and the latest charges, newest first."""
        charges = self.bank.books.latest_charges(limit=CHARGES_SHOWN)
        items = [{**described(charge), "card_token": charge.card_token} for charge in charges]
        charged = sum(self.bank.books.charged_by_number().values())
        return JSONResponse({"charged": charged, "items": items})

    async def _code(self, request: Request) -> Response:
        binding = self.bank.books.binding(request.path_params["binding_id"])
        if binding is None or not self.shows_codes:
            return Response(status_code=404)
        return JSONResponse({"code": self.bank.code_of(binding.binding_id)})

    async def _plan_fault(self, request: Request) -> Response:
        try:
            order = msgspec.json.decode(await request.body(), type=FaultOrder)
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "MALFORMED_REQUEST", "detail": str(error)}, 400)
        self.faults.plan(order.fault, times=order.times)
        return Response(status_code=204)

    async def _forget_faults(self, _: Request) -> Response:
        self.faults.forget()
        return Response(status_code=204)


def _local(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        if request.client is None or request.client.host not in _THIS_MACHINE:
            return Response(status_code=404)
        return await endpoint(request)

    return guarded
