"""What few requests are for is loaded at the first of them, and what nobody has loads nothing."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from shared.web import Api, Call, Reply
from shared.web.app import WalletApp
from tests.edge import event

CONTEXT = SimpleNamespace(
    aws_request_id="test", function_name="test", memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:::function:test",
)  # fmt: skip


class Answered(msgspec.Struct):
    by: str


def domain(name: str) -> Api:
    api = Api(f"{__name__}.{name}")

    @api.operation("GET", f"/v1/{name}", answers={200: Answered}, public=True)
    def get(call: Call[None]) -> Reply:
        """Says who answers."""
        return Reply(200, Answered(name))

    return api


@pytest.fixture
def loaded() -> list[str]:
    return []


@pytest.fixture
def app(loaded: list[str]) -> WalletApp:
    made = WalletApp("loading")
    made.include([domain("daily")])

    def rarer() -> list[Api]:
        loaded.append("rare")
        return [domain("rare")]

    made.include_when_asked(rarer)
    return made


def asked(app: WalletApp, resource: str, path: str) -> Any:
    request = event("GET", path, None, {})
    request["resource"] = request["requestContext"]["resourcePath"] = resource
    return app(request, CONTEXT)


def test_a_rare_domain_is_loaded_once_when_it_is_asked_for(
    app: WalletApp, loaded: list[str]
) -> None:
    assert "daily" in asked(app, "/v1/daily", "/v1/daily")["body"]
    assert loaded == []
    for _ in range(2):
        assert asked(app, "/v1/rare", "/v1/rare")["statusCode"] == 200
    assert loaded == ["rare"]
    assert {one.path for one in app.operations} == {"/v1/daily", "/v1/rare"}


@pytest.mark.parametrize("resource", ["/", "/{proxy+}"])
def test_an_address_that_nobody_has_loads_nothing(
    app: WalletApp, loaded: list[str], resource: str
) -> None:
    assert asked(app, resource, "/v1/nothing")["statusCode"] == 404
    assert loaded == []
