"""OpenAPI 3.1, made from the very operations and models that serve the requests."""

import re
from functools import cache
from types import NoneType
from typing import Any, cast

import msgspec

from shared.errors import (
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    NotFound,
    Problem,
    ServiceUnavailable,
)
from shared.web.app_version import UpdateRequired
from shared.web.operation import Api, Call, Operation, Received, Reply
from shared.web.problems import (
    BodyTooLarge,
    IdempotencyKeyRequired,
    InvalidField,
    MalformedJson,
    NotJson,
    RoleRequired,
    Unauthenticated,
    UnknownField,
)

_COMPONENTS = "#/components/schemas/{name}"
_WITHOUT_MODEL = (None, NoneType, Received)
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "hmac-sha256": {
        "type": "http",
        "scheme": "HMAC-SHA256",
        "description": (
            "A merchant's signature: `HMAC-SHA256 merchant_id=...,timestamp=...,nonce=...,"
            "signature=...`. The signature is HMAC-SHA256 under the merchant's secret, in "
            "hexadecimal, over five lines joined by newlines: timestamp (Unix seconds), nonce (16 "
            "to 64 letters, digits, `_`, `-`; used once), method, path from `/v1` on with its "
            "query (parameters sorted, percent-encoded), SHA-256 of the body in hexadecimal."
        ),
    },
}
_MONEY_HEADERS = {
    "Step-Up": "The challenge that was passed, after STEP_UP_REQUIRED had named it",
    "X-App-Platform": "android or ios, when it is the app that asks",
    "X-App-Version": "Its version, such as 1.12.0",
}


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `code` is stable; `title` and `detail` follow Accept-Language.

    diagnosis: facts to act on; of a request that moves money what `Diagnosis` says, and in `about`
    the kind and the id of what it would have become.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    field: str | msgspec.UnsetType = msgspec.UNSET
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    diagnosis: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


def describe(operations: list[Operation]) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    models = _models(operations)
    references, components = msgspec.json.schema_components(models, ref_template=_COMPONENTS)
    schemas = dict(zip(models, references, strict=True))
    paths: dict[str, Any] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "U Wallet",
            "version": "1",
            "description": "Amounts are integer minor units (分). Times are RFC 3339 in UTC.",
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": SCHEMES,
        },
    }


def description_api(operations: list[Operation]) -> Api:
    """The route that publishes the document; `operations` is read when it is first asked for."""
    api = Api(__name__)
    document = cache(lambda: describe(operations))

    @api.operation("GET", "/openapi.json", answers={200: dict[str, Any]}, public=True)
    def get_description(call: Call[None]) -> Reply:
        """Describes this API as OpenAPI 3.1."""
        return Reply(200, document())

    return api


def _models(operations: list[Operation]) -> list[Any]:
    models: list[Any] = [ProblemDetails]
    for operation in operations:
        wanted = [operation.body, operation.query, *operation.answers.values()]
        models += [model for model in wanted if model not in (*_WITHOUT_MODEL, *models)]
    return models


def _operation(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    name = getattr(operation.handler, "__name__", "")
    described: dict[str, Any] = {
        "operationId": name,
        "summary": (operation.handler.__doc__ or name).strip().splitlines()[0],
        "tags": [operation.handler.__module__.split(".")[1]],
        "responses": _answers(operation, schemas),
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.scheme:
        # OpenAPI 3.1 takes the names of roles here; one of them is enough, so each is a choice.
        scopes = [[role] for role in sorted(operation.roles)] or [[]]
        described["security"] = [{operation.scheme: scope} for scope in scopes]
    if operation.body is Received:
        described["requestBody"] = {"required": True, "content": {"*/*": {}}}
    elif operation.body is not NoneType:
        content = {"application/json": {"schema": schemas[operation.body]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    if operation.moves_money or operation.takes_key:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        required = operation.moves_money
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "required": required, "schema": schema}
        )
    if operation.moves_money:
        parameters += [
            {"name": name, "in": "header", "schema": {"type": "string"}, "description": what}
            for name, what in _MONEY_HEADERS.items()
        ]
    return parameters


def _query_parameters(model: type[Any]) -> list[dict[str, Any]]:
    (_,), components = msgspec.json.schema_components([model], ref_template=_COMPONENTS)
    schema = components[model.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _not_null(part)}
        for name, part in schema["properties"].items()
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; there is no null in a query."""
    choices = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    plain = dict(choices[0]) if len(choices) == 1 else dict(schema)
    return {name: value for name, value in plain.items() if (name, value) != ("default", None)}


def _answers(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, model in operation.answers.items():
        answers[str(status)] = {"description": "Success" if status < 400 else "Refused"}
        if model is not None:
            media_type = "text/plain" if model is str else "application/json"
            answers[str(status)]["content"] = {media_type: {"schema": schemas[model]}}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in _problems(operation):
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(by_status.items()):
        codes = sorted({problem.code for problem in problems})
        # A webhook may have refusals in a form of its own beside those of the edge.
        content = answers.get(str(status), {}).get("content", {})
        details = {"application/problem+json": {"schema": schemas[cast(Any, ProblemDetails)]}}
        answers[str(status)] = {
            "description": "; ".join(codes),
            "content": {**content, **details},
        }
    return answers


def _problems(operation: Operation) -> list[type[Problem]]:
    """The declared problems, and those that the edge itself adds."""
    problems = [*operation.problems, ServiceUnavailable]
    if operation.scheme:
        problems.append(Unauthenticated)
    if operation.roles:
        problems.append(RoleRequired)
    if operation.body is Received:
        problems.append(BodyTooLarge)
    elif operation.body is not NoneType:
        problems += [MalformedJson, UnknownField, InvalidField, NotJson, BodyTooLarge]
    if operation.query is not None:
        problems += [UnknownField, InvalidField]
    if operation.moves_money:
        problems += [IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyInUse]
        problems.append(UpdateRequired)
    if "{" in operation.path:
        problems.append(NotFound)
    return problems
