"""The bank's interface: checks a call's signature, does one operation, signs the answer."""

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
from infra.sandbox.bank import Bank, NoAnswer, Refusal, now, text_of
from infra.sandbox.books import Charge
from infra.sandbox.cards import BANK_NAME, behaviour_of
from infra.sandbox.faults import Faults
from infra.sandbox.silence import Silence

BODY_LIMIT_BYTES = 16_384
FORGERS_KEY = bytes(32)
log = logging.getLogger(__name__)

Reference = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.:-]{1,64}\Z")]


class BindingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: Reference
    number: Annotated[str, msgspec.Meta(max_length=32)]
    holder_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    phone: Annotated[str, msgspec.Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]


class ConfirmRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=16)]


class ChargeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """amount: minor units."""

    reference: Reference
    card_token: Annotated[str, msgspec.Meta(max_length=64)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    currency: Annotated[str, msgspec.Meta(max_length=3)]


class Call(NamedTuple):
    """What an operation gets to know of a request: the places of its path, and its body."""

    parameters: Mapping[str, str]
    body: bytes


Operation = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoutes:
    """hold_seconds: how long a caller that gets no answer is left waiting."""

    bank: Bank
    client_id: str
    faults: Faults
    hold_seconds: float

    def routes(self) -> list[Route]:
        return [
            self._route("POST", "/v1/card-bindings", self._start_binding),
            self._route("POST", "/v1/card-bindings/{binding_id}/confirm", self._confirm_binding),
            self._route("DELETE", "/v1/card-tokens/{card_token}", self._unbind),
            self._route("POST", "/v1/charges", self._charge),
            self._route("GET", "/v1/charges/{reference}", self._find_charge),
            self._route("GET", "/v1/settlement-files/{day}", self._settlement_file),
        ]

    async def _start_binding(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=BindingRequest)
        binding = await self.bank.start_binding(**msgspec.structs.asdict(wish))
        expires_in = max(0, binding.expires_at - now())
        return JSONResponse({"binding_id": binding.binding_id, "expires_in": expires_in}, 201)

    async def _confirm_binding(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=ConfirmRequest)
        card = self.bank.confirm_binding(call.parameters["binding_id"], wish.code)
        return JSONResponse(
            {
                "card_token": card.card_token,
                "bank": BANK_NAME,
                "last4": card.number[-4:],
                "kind": behaviour_of(card.number).kind,
            }
        )

    async def _unbind(self, call: Call) -> Response:
        self.bank.unbind(call.parameters["card_token"])
        return Response(status_code=204)

    async def _charge(self, call: Call) -> Response:
        wish = msgspec.json.decode(call.body, type=ChargeRequest)
        return JSONResponse(described(self.bank.charge(**msgspec.structs.asdict(wish))), 201)

    async def _find_charge(self, call: Call) -> Response:
        return JSONResponse(described(self.bank.find_charge(call.parameters["reference"])))

    async def _settlement_file(self, call: Call) -> Response:
        try:
            file = self.bank.settlement_file(date.fromisoformat(call.parameters["day"]))
        except (ValueError, OverflowError):  # No such day, or the first or last that Python knows.
            raise Refusal(404, "SETTLEMENT_FILE_NOT_FOUND") from None
        return Response(file, media_type="text/csv")

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
            self.bank.key,
            method=request.method,
            target=_target(request),
            timestamp=timestamp,
            nonce=nonce,
            body=body,
        )
        return (
            request.headers.get("Bank-Client-Id") == self.client_id
            and signature.same(request.headers.get("Bank-Signature", ""), expected)
            and signature.is_fresh(timestamp, now=now())
            and signature.is_nonce(nonce)
            # Last, so that nobody else can use up a nonce of the client.
            and self.bank.books.take_nonce(
                nonce, now=now(), expires_at=int(timestamp) + signature.LIFETIME_SECONDS
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
            _sign(response, nonce=nonce, key=FORGERS_KEY if fault == "forged" else self.bank.key)
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


def described(charge: Charge) -> dict[str, str | int | None]:
    """A charge as the bank tells it; `amount` in minor units, `reason` null unless declined."""
    return {
        "charge_id": charge.charge_id,
        "reference": charge.reference,
        "status": charge.status,
        "reason": charge.reason,
        "amount": charge.amount,
        "currency": charge.currency,
        "booked_at": text_of(charge.booked_at),
    }


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
        body=bytes(response.body),
    )


def _refused(status: int, code: str) -> Response:
    return JSONResponse({"code": code}, status)


def _log_call(method: str, path: str, status: int | None) -> None:
    """The path is the route's pattern: no token, number or code ever stands in the log."""
    log.info(json.dumps({"event": "answered", "method": method, "path": path, "status": status}))
