"""Calls the app as API Gateway does: an event in, a response out."""

import json
import re
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app import app


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str | None:
        return self.json.get("code") if self.text else None


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    raw: str | None = None,
    address: str = "203.0.113.7",
) -> Answer:
    """One request. `key` is its idempotency key; `raw` a body that is not made from `body`."""
    sent = {"X-Test": "1"}
    text = raw if raw is not None else (None if body is None else json.dumps(body))
    if text is not None:
        sent["Content-Type"] = "application/json"
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if key:
        sent["Idempotency-Key"] = key
    context = SimpleNamespace(
        aws_request_id="test", function_name="test", memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:::function:test",
    )  # fmt: skip
    answer = app(event(method, path, text, {**sent, **(headers or {})}, address), context)
    many = {name: values[0] for name, values in answer.get("multiValueHeaders", {}).items()}
    return Answer(answer["statusCode"], {**answer["headers"], **many}, answer["body"])


def event(
    method: str, path: str, text: str | None, headers: dict[str, str], address: str = "203.0.113.7"
) -> dict[str, Any]:
    """What API Gateway hands to the function."""
    parts = urlsplit(path)
    resource, values = _resource(parts.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    return {
        "httpMethod": method,
        "path": parts.path,
        "resource": resource,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": query or None,
        "pathParameters": values,
        "stageVariables": None,
        "body": text,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": f"/api{parts.path}",
            "requestId": "11111111-2222-3333-4444-555555555555",
            "identity": {"sourceIp": address},
        },
    }


def _resource(path: str) -> tuple[str, dict[str, str]]:
    for resource, pattern in _patterns(tuple(app.routes)):
        if found := pattern.fullmatch(path):
            return resource, found.groupdict()
    return "/{proxy+}", {"proxy": path.lstrip("/")}


@cache
def _patterns(resources: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Those with the fewest parameters first, as API Gateway prefers them."""
    return [
        (resource, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)))
        for resource in sorted(resources, key=lambda resource: resource.count("{"))
    ]
