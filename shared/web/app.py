"""The Chalice app with one difference: what no route answers is refused like all else.

API Gateway sends every method of every path here (the build adds the catch-all), so that a wrong
path, a wrong method and a browser's preflight get the answer that the contract promises.
"""

from collections.abc import Callable, Iterable
from typing import Any

from chalice.app import Chalice, Request

from shared.errors import NotFound, Problem
from shared.web.headers import common_headers, preflight_headers
from shared.web.operation import Api, Operation
from shared.web.problems import MethodNotAllowed, language, render

# What the build adds for all other addresses: no domain has them.
_NO_ROUTES = {"/", "/{proxy+}"}


class WalletApp(Chalice):
    """All operations of all domains."""

    def __init__(self, name: str) -> None:
        super().__init__(name, configure_logs=False)
        self.experimental_feature_flags.add("WEBSOCKETS")  # Chalice's word for what it may change
        self.operations: list[Operation] = []
        self._waiting: list[Callable[[], Iterable[Api]]] = []

    def include(self, domains: Iterable[Api]) -> None:
        """Adds the operations of domains."""
        for api in domains:
            self.register_blueprint(api.blueprint)
            self.operations.extend(api.operations)

    def include_when_asked(self, load: Callable[[], Iterable[Api]]) -> None:
        """Adds those of domains that are loaded when a request is for none that are there."""
        self._waiting.append(load)

    def include_all(self) -> None:
        """Loads what waits to be asked for."""
        while self._waiting:
            self.include(self._waiting.pop()())

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        requested = event.get("requestContext", {})
        path = requested.get("resourcePath")
        if path not in self.routes and path not in _NO_ROUTES:
            self.include_all()
        methods = self.routes.get(path, {})
        if requested.get("httpMethod") in methods:
            return super().__call__(event, context)
        return self._without_route(Request(event, context), sorted(methods))

    def _without_route(self, request: Request, methods: list[str]) -> dict[str, Any]:
        request_id = str(request.context.get("requestId", ""))
        headers = common_headers(request, request_id)
        allowed = ", ".join([*methods, "OPTIONS"])
        if request.method == "OPTIONS" and methods:
            return _plain(204, "", {**headers, **preflight_headers(allowed)})
        problem: Problem = MethodNotAllowed(allowed=allowed) if methods else NotFound()
        text, own = render(
            problem,
            language=language(request.headers.get("accept-language")),
            request_id=request_id,
        )
        return _plain(problem.status, text, {**headers, **own})


def _plain(status: int, text: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": headers,
        "multiValueHeaders": {},
        "body": text,
        "isBase64Encoded": False,
    }
