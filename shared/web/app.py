"""The Chalice app with one difference: what no route answers is refused like all else.

API Gateway sends every method of every path here (the build adds the catch-all), so that a wrong
path, a wrong method and a browser's preflight get the answer that the contract promises.
"""

from typing import Any

from chalice.app import Chalice, Request

from shared.errors import NotFound, Problem
from shared.web.headers import common_headers, preflight_headers
from shared.web.operation import Api, Operation
from shared.web.problems import MethodNotAllowed, language, render


class WalletApp(Chalice):
    """All operations of all domains."""

    def __init__(self, name: str) -> None:
        super().__init__(name, configure_logs=False)
        self.experimental_feature_flags.add("WEBSOCKETS")  # Chalice's word for what it may change
        self.operations: list[Operation] = []

    def include(self, api: Api) -> None:
        """Adds the operations of a domain."""
        self.register_blueprint(api.blueprint)
        self.operations.extend(api.operations)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        requested = event.get("requestContext", {})
        methods = self.routes.get(requested.get("resourcePath"), {})
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
