"""Unsigned tools for whoever runs the bank, under `/_sandbox/`, for callers on this machine."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox.bindings import Bindings
from infra.sandbox.books import Books, MovementKind, OrderKind
from infra.sandbox.cards import TEST_CARDS
from infra.sandbox.faults import CallFault, NotificationFault, Planned
from infra.sandbox.orders import described
from infra.sandbox.outbox import Outbox
from infra.sandbox.outcome import Refusal, moment
from infra.sandbox.settlement import Settlement
from infra.sandbox.signed_routes import Reference

SHOWN = 1_000
# What the movements of each kind are called in sums.
_SUMS: dict[MovementKind, str] = {
    "charge": "charged",
    "payout": "paid_out",
    "reversal": "reversed",
    "refund": "refunded",
}
_THIS_MACHINE = ("127.0.0.1", "::1")

Endpoint = Callable[[Request], Awaitable[Response]]
Times = Annotated[int, msgspec.Meta(ge=1, le=100)]
T = TypeVar("T")


class _Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class CallFaultWish(_Wish, frozen=True):
    fault: CallFault
    times: Times = 1


class NotificationFaultWish(_Wish, frozen=True):
    fault: NotificationFault
    times: Times = 1


class NotifyUrlWish(_Wish, frozen=True):
    url: Annotated[str, msgspec.Meta(pattern=r"\Ahttps?://[^\s]+[^/\s]\Z", max_length=500)]


class _LineWish(_Wish, frozen=True, tag_field="mistake"):
    kind: MovementKind
    reference: Reference


class MissingLineWish(_LineWish, frozen=True, tag="missing"):
    pass


class ChangedLineWish(_LineWish, frozen=True, tag="changed"):
    """amount: what the line says instead, in minor units."""

    amount: int


class ExtraLineWish(_LineWish, frozen=True, tag="extra"):
    amount: int
    day: date


class _FileWish(_Wish, frozen=True, tag_field="mistake"):
    day: date


class AbsentFileWish(_FileWish, frozen=True, tag="absent"):
    pass


class CutFileWish(_FileWish, frozen=True, tag="cut"):
    pass


LineWish = MissingLineWish | ChangedLineWish | ExtraLineWish
FileWish = AbsentFileWish | CutFileWish


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRoutes:
    """shows_codes: whether binding codes can be read here, because no text message carries them."""

    bindings: Bindings
    books: Books
    outbox: Outbox
    settlement: Settlement
    call_faults: Planned[CallFault]
    notification_faults: Planned[NotificationFault]
    shows_codes: bool

    def routes(self) -> list[Route]:
        return [
            local_route("GET", "cards", self._cards),
            local_route("GET", "charges", self._orders("charge", ("charge",))),
            local_route("GET", "payouts", self._orders("payout", ("payout", "reversal"))),
            local_route("GET", "refunds", self._orders("refund", ("refund",))),
            local_route("GET", "codes/{binding_id}", self._code),
            local_route("POST", "faults", self._plan_call_fault),
            local_route("DELETE", "faults", self._forget_call_faults),
            local_route("GET", "notifications", self._notifications),
            local_route("PUT", "notify-url", self._send_to),
            local_route("POST", "notification-faults", self._plan_notification_fault),
            local_route("DELETE", "notification-faults", self._forget_notification_faults),
            local_route("POST", "settlement-mistakes", self._mistake),
            local_route("DELETE", "settlement-mistakes", self._forget_mistakes),
        ]

    async def _cards(self, _: Request) -> Response:
        """The test cards, what they do, and the minor units that moved at each."""
        moved = self.books.moved_by_number()
        return JSONResponse(
            {
                "items": [
                    {
                        "number": number,
                        "kind": behaviour.kind,
                        "behaviour": behaviour.description,
                        **{
                            name: moved.get(number, {}).get(kind, 0) for kind, name in _SUMS.items()
                        },
                    }
                    for number, behaviour in TEST_CARDS.items()
                ]
            }
        )

    def _orders(self, kind: OrderKind, movements: tuple[MovementKind, ...]) -> Endpoint:
        async def orders(_: Request) -> Response:
            """All money that ever moved so, in minor units, and the latest orders, newest first."""
            moved = self.books.moved_by_number().values()
            sums = {
                _SUMS[movement]: sum(of_card.get(movement, 0) for of_card in moved)
                for movement in movements
            }
            latest = self.books.latest_orders(kind, limit=SHOWN)
            items = [{**described(order), "card_token": order.card_token} for order in latest]
            return JSONResponse({**sums, "items": items})

        return orders

    async def _code(self, request: Request) -> Response:
        binding = self.books.binding(request.path_params["binding_id"])
        if binding is None or not self.shows_codes:
            return Response(status_code=404)
        return JSONResponse({"code": self.bindings.code_of(binding.binding_id)})

    async def _plan_call_fault(self, request: Request) -> Response:
        wish = await _read(request, CallFaultWish)
        self.call_faults.plan(wish.fault, times=wish.times)
        return Response(status_code=204)

    async def _forget_call_faults(self, _: Request) -> Response:
        self.call_faults.forget()
        return Response(status_code=204)

    async def _notifications(self, _: Request) -> Response:
        """The latest, newest first; `copies` is how often each is still to be sent."""
        items = [asdict(one) for one in self.outbox.latest(limit=SHOWN)]
        return JSONResponse({"items": items})

    async def _send_to(self, request: Request) -> Response:
        wish = await _read(request, NotifyUrlWish)
        self.outbox.send_to(wish.url, now=moment())
        return Response(status_code=204)

    async def _plan_notification_fault(self, request: Request) -> Response:
        wish = await _read(request, NotificationFaultWish)
        self.notification_faults.plan(wish.fault, times=wish.times)
        return Response(status_code=204)

    async def _forget_notification_faults(self, _: Request) -> Response:
        self.notification_faults.forget()
        return Response(status_code=204)

    async def _mistake(self, request: Request) -> Response:
        wish: LineWish | FileWish = msgspec.json.decode(
            await request.body(), type=LineWish | FileWish
        )
        order = self.settlement.spoil if isinstance(wish, FileWish) else self.settlement.misprint
        order(**msgspec.to_builtins(wish, builtin_types=[date]))
        return Response(status_code=204)

    async def _forget_mistakes(self, _: Request) -> Response:
        self.settlement.forget_mistakes()
        return Response(status_code=204)


async def _read(request: Request, shape: type[T]) -> T:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(await request.body(), type=shape)


def local_route(method: str, path: str, endpoint: Endpoint) -> Route:
    """A tool under `/_sandbox/`, for callers on this machine only."""

    async def guarded(request: Request) -> Response:
        if request.client is None or request.client.host not in _THIS_MACHINE:
            return Response(status_code=404)
        try:
            return await endpoint(request)
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "MALFORMED_REQUEST", "detail": str(error)}, 400)
        except Refusal as refusal:
            return JSONResponse({"code": refusal.code}, refusal.status)

    return Route(f"/_sandbox/{path}", guarded, methods=[method])
