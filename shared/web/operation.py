"""An operation of the API: declared once, served by Chalice, described by OpenAPI.

The order of questions is the same everywhere: who are you (401), may your role do this (403), is
the request well formed (400, 413, 415), then the one function that does it. What an operation needs
to read is declared with it and comes in the same round trip as the session.
"""

from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

import msgspec
from chalice.app import Blueprint, MultiDict, Request, Response

from shared.errors import NotFound, Problem, Texts
from shared.observability import count, flush, logger, traced
from shared.settings import settings
from shared.table import Found, Key, read
from shared.web.app_version import check_may_move_money, update_hint
from shared.web.body import NOT_ALLOWED, convert, parse_json
from shared.web.headers import common_headers
from shared.web.idempotency import checked_key
from shared.web.problems import (
    BodyTooLarge,
    InvalidField,
    MalformedJson,
    NotJson,
    RoleRequired,
    Unauthenticated,
    language,
    render,
)

B = TypeVar("B")
P = TypeVar("P")
_ID_LENGTH_LIMIT = 64


class Principal(NamedTuple):
    """Who asks: a signed-in user on one device, an agent with their roles, or a merchant."""

    user_id: str
    session_id: str
    roles: frozenset[str] = frozenset()


class SignInCheck(Protocol[P]):
    """How what a request proves itself by is turned into a principal: a bearer token (identity and
    agents implement it), or the signature of a merchant (payments).
    """

    @property
    def scheme(self) -> str:
        """Of the header `Authorization`, in lower case: a key of `SCHEMES` in OpenAPI."""

    @property
    def roles(self) -> frozenset[str]:
        """The roles that a principal may have. None: an operation asks for no role."""

    def proof(self, request: Request) -> P:
        """The proof in a request. Raises Unauthenticated where there is none."""

    def user_id(self, proof: P) -> str:
        """Whose proof it claims to be, before anything is read. Raises Unauthenticated."""

    def keys(self, proof: P) -> list[Key]:
        """What must be read to know. Raises Unauthenticated for what cannot be a proof."""

    def principal(self, found: Found, proof: P) -> Principal:
        """Raises Unauthenticated unless the proof holds now, by what was found."""


class Call(msgspec.Struct, Generic[B]):
    """A request that has been understood. user_id: who asks, also an agent or a merchant."""

    body: B
    query: Any
    path: dict[str, str]
    language: str
    request_id: str
    address: str
    country: str
    user_agent: str
    idempotency_key: str = ""
    step_up: str = ""
    user_id: str = ""
    session_id: str = ""
    roles: frozenset[str] = frozenset()
    found: Found = msgspec.field(default_factory=lambda: Found({}))


class Received(NamedTuple):
    """The body of a webhook: raw, for its signature is over these very bytes.

    An operation with this body takes any media type. Nothing of it is believed before its signature
    has been checked. headers: by lower-case name.
    """

    headers: dict[str, str]
    raw: bytes


class Reply(NamedTuple):
    """An answer: its status, its body (None for 204), and whether it was given before.

    A body that is a text goes out as it is, for webhooks whose senders want a certain word.
    """

    status: int
    body: msgspec.Struct | dict[str, Any] | str | None = None
    replayed: bool = False


Handler = Callable[[Call[B]], Reply]
Reads = Callable[[Call[B]], Iterable[Key]]
# What the field `diagnosis` of a refusal says to somebody who is signed in.
Explain = Callable[[Call[Any], Problem], Mapping[str, Any] | None]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an operation; OpenAPI is made from these."""

    method: str
    path: str
    handler: Callable[[Call[Any]], Reply]
    body: type[Any]
    query: type[Any] | None
    answers: dict[int, Any]
    problems: tuple[type[Problem], ...]
    moves_money: bool
    current_app: bool
    takes_key: bool
    scheme: str | None
    roles: frozenset[str]
    reads: Callable[[Call[Any]], Iterable[Key]]
    explain: Explain | None


class Api:
    """The operations of one domain, as a Chalice blueprint.

    sign_in_check: given when the operations of this domain are for who proves who they are.
    """

    def __init__(self, module: str, sign_in_check: SignInCheck[Any] | None = None) -> None:
        self.blueprint = Blueprint(module)
        self.operations: list[Operation] = []
        self._sign_in_check = sign_in_check

    def operation(
        self,
        method: str,
        path: str,
        *,
        answers: dict[int, Any],
        body: type[B] = NoneType,  # type: ignore[assignment]  # most GETs have no body
        query: type[Any] | None = None,
        problems: tuple[type[Problem], ...] = (),
        moves_money: bool = False,
        current_app: bool = False,
        takes_key: bool = False,
        public: bool = False,
        roles: frozenset[str] = frozenset(),
        reads: Reads[B] | None = None,
        explain: Explain | None = None,
    ) -> Callable[[Handler[B]], Handler[B]]:
        """Registers a function as what answers `method path`.

        answers: the model of the body for each successful status (None: no body).
        current_app: an app below its minimum may not call it, as with all that moves money.
        takes_key: it moves no money, and is done once for an `Idempotency-Key` where there is one.
        roles: who may call it, where those who sign in have roles: one of them is enough.
        reads: the records the operation needs; they are in `call.found` when it runs.
        explain: what is done with a refusal, and said of it beyond its own words.
        Raises ValueError for an operation that forgets to say its roles, or says impossible ones.
        """
        possible = frozenset() if public else self._possible_roles
        if bool(roles) != bool(possible) or not roles <= possible:
            raise ValueError(f"{method} {path}: roles must be some of {sorted(possible)}")

        def register(handler: Handler[B]) -> Handler[B]:
            operation = Operation(
                method=method,
                path=path,
                handler=handler,
                body=body,
                query=query,
                answers=answers,
                problems=problems,
                moves_money=moves_money,
                current_app=current_app or moves_money,
                takes_key=takes_key,
                scheme=None if public else self._check.scheme,
                roles=roles,
                reads=reads or _reads_nothing,
                explain=explain,
            )
            self.operations.append(operation)
            route = self.blueprint.route(
                path, methods=[method], content_types=[], name=getattr(handler, "__name__", path)
            )
            route(lambda **path_values: self._serve(operation, path_values))
            return handler

        return register

    def _serve(self, operation: Operation, path_values: dict[str, str]) -> Response:
        request = self.blueprint.current_request
        call = _call_of(request, path_values)
        logger.append_keys(request_id=call.request_id, user_id=None)
        code = None
        try:
            with traced(f"## {operation.method} {operation.path}"):
                reply = self._answer(operation, request, call)
            status, text, headers = _shaped(reply)
        except Exception as error:  # the one error path: nothing passes it unshaped
            problem = error if isinstance(error, Problem) else Problem()
            if problem.status >= 500:
                logger.exception("request_failed")
            status, code = problem.status, problem.code
            problem.diagnosis = _explained(operation, call, problem)
            text, headers = render(problem, language=call.language, request_id=call.request_id)
        logger.info(
            "request",
            extra={
                "operation": f"{operation.method} {operation.path}",
                "status": status,
                "code": code,
            },
        )
        flush()
        common = common_headers(request, call.request_id)
        return Response(text, {**common, **update_hint(request), **headers}, status)

    def _answer(self, operation: Operation, request: Request, call: Call[Any]) -> Reply:
        proof = None
        if operation.scheme:
            proof = self._check.proof(request)
            call.user_id = self._check.user_id(proof)
        keys, refusal = _understand(operation, request, call)
        if operation.scheme:
            keys += self._check.keys(proof)
        call.found = read(keys) if keys else call.found
        if operation.scheme:
            principal = self._check.principal(call.found, proof)
            call.user_id, call.session_id, call.roles = principal
            logger.append_keys(user_id=call.user_id)
            if operation.roles and not operation.roles & call.roles:
                raise RoleRequired
        if refusal:
            raise refusal
        return operation.handler(call)

    @property
    def _possible_roles(self) -> frozenset[str]:
        return frozenset() if self._sign_in_check is None else self._sign_in_check.roles

    @property
    def _check(self) -> SignInCheck[Any]:
        if self._sign_in_check is None:
            raise RuntimeError("an operation that is not public needs a sign-in check")
        return self._sign_in_check


def _explained(operation: Operation, call: Call[Any], problem: Problem) -> Mapping[str, Any] | None:
    if operation.explain is None or not call.session_id:
        return problem.diagnosis
    try:
        return operation.explain(call, problem)
    except Exception:  # a refusal that cannot be explained is given all the same
        logger.exception("refusal_not_explained", extra={"code": problem.code})
        count("RefusalsNotExplained")
        return problem.diagnosis


def _reads_nothing(call: Call[Any]) -> Iterable[Key]:
    return ()


def _call_of(request: Request, path_values: dict[str, str]) -> Call[Any]:
    headers, context = request.headers, request.context
    return Call(
        body=None,
        query=None,
        path=path_values,
        language=language(headers.get("accept-language")),
        request_id=str(context.get("requestId", "")),
        address=str(context.get("identity", {}).get("sourceIp", "")),
        country=str(headers.get("cloudfront-viewer-country", "")),
        user_agent=str(headers.get("user-agent", ""))[:200],
        step_up=str(headers.get("step-up", ""))[:_ID_LENGTH_LIMIT],
    )


def _understand(
    operation: Operation, request: Request, call: Call[Any]
) -> tuple[list[Key], Problem | None]:
    """Fills the call from the request and says what must be read for it.

    A refusal is given back, not raised: 401 comes first.
    """
    try:
        _check_path(call.path)
        if operation.current_app:
            check_may_move_money(request)
        if operation.moves_money:
            call.idempotency_key = checked_key(request.headers.get("idempotency-key"))
        if operation.takes_key and "idempotency-key" in request.headers:
            call.idempotency_key = checked_key(request.headers["idempotency-key"])
        if operation.query is not None:
            call.query = convert(_query_values(request), operation.query, from_text=True)
        if operation.body is Received:
            call.body = _received(request)
        elif operation.body is not NoneType:
            call.body = convert(parse_json(_body_text(request)), operation.body)
        return list(operation.reads(call)), None
    except Problem as refusal:
        return [], refusal


def bearer_token(request: Request) -> str:
    """The token in the header `Authorization`. Raises Unauthenticated."""
    scheme, _, token = str(request.headers.get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()


def _check_path(values: dict[str, str]) -> None:
    for value in values.values():
        plain = value.replace("_", "").replace("-", "")
        if not (plain.isascii() and plain.isalnum() and len(value) <= _ID_LENGTH_LIMIT):
            raise NotFound


def _query_values(request: Request) -> dict[str, str]:
    given = request.query_params or MultiDict({})
    values: dict[str, str] = {}
    for name in given:
        several = given.getlist(name)
        if len(several) > 1:
            raise InvalidField(field=name, reason=Texts("只能出现一次", "may occur only once"))
        if several[0].lower() == "null":
            # A text that msgspec would take for None, as if the parameter had been left out.
            raise InvalidField(field=name, reason=NOT_ALLOWED)
        values[name] = several[0]
    return values


def _body_text(request: Request) -> str:
    media_type = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise NotJson
    try:
        return _raw_body(request).decode()
    except UnicodeError as error:
        raise MalformedJson(reason_zh="不是 UTF-8", reason_en="it is not UTF-8") from error


def _received(request: Request) -> Received:
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return Received(headers, _raw_body(request))


def _raw_body(request: Request) -> bytes:
    """Raises BodyTooLarge."""
    raw = cast(bytes, request.raw_body)
    limit = settings().body_limit_bytes
    if len(raw) > limit:
        raise BodyTooLarge(limit=limit)
    return raw


def _shaped(reply: Reply) -> tuple[int, str, dict[str, str]]:
    headers = {"Idempotency-Replayed": "true"} if reply.replayed else {}
    if reply.body is None:
        return reply.status, "", headers
    if isinstance(reply.body, str):
        return reply.status, reply.body, {**headers, "Content-Type": "text/plain"}
    headers["Content-Type"] = "application/json"
    return reply.status, msgspec.json.encode(reply.body).decode(), headers
