"""The bank's interface: checks a call's signature, does one operation, signs the answer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox import signature
from infra.sandbox.bindings import Bindings
from infra.sandbox.books import Books, Order, OrderKind
from infra.sandbox.cards import BANK_NAME, behaviour_of
from infra.sandbox.courier import Courier
from infra.sandbox.faults import CallFault, Planned
from infra.sandbox.file_answer import FileAnswer
from infra.sandbox.orders import Orders, described
from infra.sandbox.outcome import NoAnswer, Refusal, now
from infra.sandbox.settlement import Settlement
from infra.sandbox.silence import Silence

BODY_LIMIT_BYTES = 16_384
log = logging.getLogger(__name__)

Reference = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.:-]{1,64}\Z")]


class BindingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: Reference
    number: Annotated[str, msgspec.Meta(max_length=32)]
    holder_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    phone: Annotated[str, msgspec.Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]


class ConfirmRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=16)]


class CardOrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A charge or a payout. amount: minor units."""

    reference: Reference
    card_token: Annotated[str, msgspec.Meta(max_length=64)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    currency: Annotated[str, msgspec.Meta(max_length=3)]


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """amount: minor units."""

    reference: Reference
    charge_reference: Reference
    amount: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    currency: Annotated[str, msgspec.Meta(max_length=3)]


class Call(NamedTuple):
    """What an operation gets to know of a request: the places of its path, and its body."""

    parameters: Mapping[str, str]
    body: bytes


Operation = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoutes:
    """hold_seconds: how long a caller that gets no answer is left waiting.
    request_lifetime_seconds: how old a request may be.
    """

    bindings: Bindings
    books: Books
    orders: Orders
    settlement: Settlement
    courier: Courier
    client_id: str
    key: bytes
    faults: Planned[CallFault]
    hold_seconds: float
    request_lifetime_seconds: int

    def routes(self) -> list[Route]:
        return [
            self._route("POST", "/v1/card-bindings", self._start_binding),
            self._route("POST", "/v1/card-bindings/{binding_id}/confirm", self._confirm_binding),
            self._route("DELETE", "/v1/card-tokens/{card_token}", self._unbind),
            self._route("POST", "/v1/charges", self._charge),
            self._route("GET", "/v1/charges/{reference}", self._find("charge")),
            self._route("POST", "/v1/payouts", self._pay_out),
            self._route("GET", "/v1/payouts/{reference}", self._find("payout")),
            self._route("POST", "/v1/refunds", self._refund),
            self._route("GET", "/v1/refunds/{reference}", self._find("refund")),
            self._route("GET", "/v1/settlement-files/{day}", self._settlement_file),
        ]

    async def _start_binding(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=BindingRequest)
        binding = await self.bindings.start(**msgspec.structs.asdict(wish))
        expires_in = max(0, binding.expires_at - now())
        return JSONResponse({"binding_id": binding.binding_id, "expires_in": expires_in}, 201)

    async def _confirm_binding(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=ConfirmRequest)
        card = self.bindings.confirm(call.parameters["binding_id"], wish.code)
        return JSONResponse(
            {
                "card_token": card.card_token,
                "bank": BANK_NAME,
                "last4": card.number[-4:],
                "kind": behaviour_of(card.number).kind,
            }
        )

    async def _unbind(self, call: Call) -> Response:
        self.bindings.unbind(call.parameters["card_token"])
        return Response(status_code=204)

    async def _charge(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=CardOrderRequest)
        return await self._taken(self.orders.charge(**msgspec.structs.asdict(wish)))

    async def _pay_out(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=CardOrderRequest)
        return await self._taken(self.orders.pay_out(**msgspec.structs.asdict(wish)))

    async def _refund(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=RefundRequest)
        return await self._taken(self.orders.refund(**msgspec.structs.asdict(wish)))

    async def _taken(self, order: Order) -> Response:
        """Tells the order as it was when the bank took it."""
        await self.courier.tell_early(order.order_id)
        return JSONResponse(described(order), 201)

    def _find(self, kind: OrderKind) -> Operation:
        async def find(call: Call) -> Response:
            return JSONResponse(described(self.orders.find(kind, call.parameters["reference"])))

        return find

    async def _settlement_file(self, call: Call) -> Response:
        try:
            day = date.fromisoformat(call.parameters["day"])
            file = await asyncio.to_thread(self.settlement.file, day)
        except (ValueError, OverflowError):  # No such day, or the last that Python knows.
            raise Refusal(404, "SETTLEMENT_FILE_NOT_FOUND") from None
        return FileAnswer(file, media_type="text/csv")

    def _route(self, method: str, path: str, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await _body(request)
            if body is None:
                response = _refused(413, "BODY_TOO_LARGE")
            elif not self._is_authentic(request, body):
                # Unsigned: the bank puts its name to nothing for a stranger.
                response = _refused(401, "UNAUTHENTICATED")
            else:
                call = Call(request.path_params, body)
                response = await self._answer(operation, call, nonce=request.headers["Bank-Nonce"])
            silent = isinstance(response, Silence)
            _log_call(method, path, None if silent else response.status_code)
            return response

        return Route(path, endpoint, methods=[method])

    def _is_authentic(self, request: Request, body: bytes) -> bool:
        timestamp = request.headers.get("Bank-Timestamp", "")
        nonce = request.headers.get("Bank-Nonce", "")
        expected = signature.of_request(
            self.key,
            method=request.method,
            target=_target(request),
            timestamp=timestamp,
            nonce=nonce,
            digest=signature.digest(body),
        )
        lifetime_seconds = self.request_lifetime_seconds
        return (
            request.headers.get("Bank-Client-Id") == self.client_id
            and signature.same(request.headers.get("Bank-Signature", ""), expected)
            and signature.is_fresh(timestamp, now=now(), lifetime_seconds=lifetime_seconds)
            and signature.is_nonce(nonce)
            # Last, so that nobody else can use up a nonce of the client.
            and self.books.take_nonce(
                nonce, now=now(), expires_at=int(timestamp) + lifetime_seconds
            )
        )

    async def _answer(self, operation: Operation, call: Call, *, nonce: str) -> Response:
        fault = self.faults.next()
        if fault == "lost":
            return Silence(0)
        if fault == "unavailable":
            response: Response = _refused(503, "BANK_UNAVAILABLE")
        else:
            response = await self._outcome(operation, call)
        if fault in ("dropped", "silent"):
            return Silence(0 if fault == "dropped" else self.hold_seconds)
        if not isinstance(response, Silence):
            key = signature.FORGERS_KEY if fault == "forged" else self.key
            _sign(response, nonce=nonce, key=key)
        return response

    async def _outcome(self, operation: Operation, call: Call) -> Response:
        try:
            return await operation(call)
        except msgspec.DecodeError:
            return _refused(400, "MALFORMED_REQUEST")
        except Refusal as refusal:
            return _refused(refusal.status, refusal.code)
        except NoAnswer:
            return Silence(self.hold_seconds)


async def _body(request: Request) -> bytes | None:
    """None when it is longer than the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            return None
    return bytes(body)


def _target(request: Request) -> str:
    path: str = request.scope["raw_path"].decode("ascii")
    return f"{path}?{request.url.query}" if request.url.query else path


def _sign(response: Response, *, nonce: str, key: bytes) -> None:
    timestamp = str(now())
    response.headers["Bank-Timestamp"] = timestamp
    response.headers["Bank-Signature"] = signature.of_answer(
        key,
        timestamp=timestamp,
        nonce=nonce,
        status=response.status_code,
        digest=response.file.digest
        if isinstance(response, FileAnswer)
        else signature.digest(bytes(response.body)),
    )


def _refused(status: int, code: str) -> Response:
    return JSONResponse({"code": code}, status)


def _log_call(method: str, path: str, status: int | None) -> None:
    """The path is the route's pattern: no token, number or code ever stands in the log."""
    log.info(json.dumps({"event": "answered", "method": method, "path": path, "status": status}))
