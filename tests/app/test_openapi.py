"""The published description: valid OpenAPI 3.1, of every route, made from the models."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from tests.edge import call

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def document() -> dict[str, Any]:
    answer = call("GET", "/openapi.json")
    assert answer.status == 200
    described: dict[str, Any] = answer.json
    return described


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_names_every_route_and_no_other(document: dict[str, Any]) -> None:
    served = {(path, method) for path, methods in app.routes.items() for method in methods}
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    assert described == served
    assert len(described) > 20


def test_what_moves_money_asks_for_an_idempotency_key(document: dict[str, Any]) -> None:
    for path in ("/v1/transfers", "/v1/top-ups"):
        parameters = document["paths"][path]["post"]["parameters"]
        assert any(one["name"] == "Idempotency-Key" and one["required"] for one in parameters)
        assert any(one["name"] == "Step-Up" and "required" not in one for one in parameters)


def test_every_operation_names_its_refusals(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            statuses = set(operation["responses"])
            assert statuses & {"200", "201", "202", "204"}, path
            if "security" in operation:
                assert "401" in statuses, path
            if content := operation.get("requestBody", {}).get("content"):
                of_body = {"400", "413", "415"} if "application/json" in content else {"413"}
                assert of_body <= statuses, path


def test_models_refuse_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if model := content.get("application/json"):
                name = model["schema"]["$ref"].rpartition("/")[2]
                assert schemas[name]["additionalProperties"] is False, name


def test_a_payment_is_of_an_order_or_of_a_merchant_with_an_amount(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/payments"]["post"]["requestBody"]["content"]["application/json"]
    ways = [set(way["required"]) for way in body["schema"]["oneOf"]]
    assert ways == [{"order_id"}, {"merchant_id", "amount", "currency"}]


def test_an_image_is_text_or_base64(document: dict[str, Any]) -> None:
    shown = document["components"]["schemas"]["QrView"]["properties"]
    assert {"type": "string"} in shown["svg"]["anyOf"]
    assert {"type": "string", "contentEncoding": "base64"} in shown["png"]["anyOf"]


def test_a_webhook_takes_anything_and_may_refuse_in_the_form_of_its_sender(
    document: dict[str, Any],
) -> None:
    webhook = document["paths"]["/v1/notifications/wechat-pay"]["post"]
    assert webhook["requestBody"]["content"] == {"*/*": {}}
    assert set(webhook["responses"]["401"]["content"]) == {"application/json"}
    assert set(webhook["responses"]["503"]["content"]) == {
        "application/json",
        "application/problem+json",
    }


def test_operation_ids_are_unique_and_summaries_are_sentences(document: dict[str, Any]) -> None:
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(re.match(r"[A-Z].*\.$", operation["summary"]) for operation in operations)
