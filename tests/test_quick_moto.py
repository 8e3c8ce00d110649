"""The quick moto against moto itself: the same requests, the same answers, the same items."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import botocore_stubber

from shared.aws import client
from tests.conftest import QUICK_MOTO, fresh_aws, ledger_items, record_items
from tests.people import Person, register
from tests.quick_moto import quicken, updates

_FUNDS = 10_000
PLAIN = (
    "SET #n = :one, #t = :text REMOVE #gone ADD #m :one",
    "SET #n = if_not_exists (#n, :ten) - :one, #m = if_not_exists (#m, :ten)",
    "ADD #n :ten, #m :one",
)


def test_it_answers_as_moto_does() -> None:
    with fresh_aws(), recorded() as calls:
        lead_a_life()
        items = ledger_items(), record_items()
    with moto_itself(), fresh_aws():
        for request, answer in calls:
            assert shown(botocore_stubber.process_request(request)) == shown(answer), request.body
        assert items == (ledger_items(), record_items())

    asked = {str(request.headers["x-amz-target"]).partition(".")[2] for request, _ in calls}
    assert asked >= {"BatchGetItem", "Query", "TransactWriteItems", "UpdateItem"}
    assert {answer[0] for _, answer in calls} == {200, 400}


def lead_a_life() -> None:
    """Calls of many kinds, also such as are refused."""
    ana, bo = register("+8613800130001", funds=_FUNDS), register("+8613800130002")
    moved: list[tuple[Person, int, str, dict[str, object], int]] = [
        (ana, 300, "k1", {}, 201),
        (ana, 300, "k1", {}, 201),
        (ana, 200, "k2", {"arrive": "in_2_hours", "note": "茶"}, 201),
        (ana, 2 * _FUNDS, "k3", {}, 422),
        (ana, 100, "k4", {"pay_password": "000000"}, 403),
    ]
    for payer, amount, key, more, status in moved:
        answer = payer.send(bo, amount, key=key, **more)
        assert answer.status == status, answer.text
    for path in ("/v1/wallet/entries", "/v1/sessions", "/v1/me/security-events"):
        assert ana.call("GET", path).status == 200
    assert ana.back_again().available == _FUNDS - 500


def test_an_item_that_is_too_large_is_refused_however_it_is_filled() -> None:
    key, half = {"pk": {"S": "P"}, "sk": {"S": "S"}}, {"S": "x" * 210_000}
    with fresh_aws():
        database = client("dynamodb")
        with pytest.raises(database.exceptions.ClientError, match="size"):
            database.put_item(TableName="test-ledger", Item={**key, "a": half, "b": half})
        database.put_item(TableName="test-ledger", Item={**key, "a": half})
        with pytest.raises(database.exceptions.ClientError, match="size"):
            database.update_item(
                TableName="test-ledger",
                Key=key,
                UpdateExpression="SET b = :half",
                ExpressionAttributeValues={":half": half},
            )


@pytest.mark.parametrize(
    "expression",
    [
        *PLAIN,
        "SET #n = #n + :one, #m = if_not_exists (#m, :ten) - :one",
        "SET #m = #n, #l = list_append (#l, :list) REMOVE #n",
        "ADD #n :one, #s :set",
        "ADD #m :set",
        "DELETE #s :set",
        # Each of these is wrong.
        "SET #m = #m + :one",
        "SET #t = #t + :one",
        "SET #n = :one REMOVE #n",
        "SET #n = :one SET #m = :one",
        "SET #n = :nothing",
        "SET #nothing = :one",
        "SET #key = :text",
        "ADD #t :one",
    ],
)
def test_it_updates_as_moto_does(expression: str) -> None:
    quick = outcome(expression)
    with moto_itself():
        assert quick == outcome(expression)


@pytest.mark.parametrize("expression", PLAIN)
def test_a_plain_update_needs_nothing_of_moto(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("_validator", "_executor"):
        monkeypatch.setattr(updates, part, None)
    assert outcome(expression)[0] == ""


def outcome(expression: str) -> tuple[str, list[dict[str, Any]]]:
    """The error, if any, and the items, of which one is new."""
    there = {"n": {"N": "3"}, "t": {"S": "a"}, "s": {"SS": ["a", "b"]}, "gone": {"S": "b"}}
    values = {
        ":one": {"N": "1"},
        ":ten": {"N": "10"},
        ":text": {"S": "b"},
        ":set": {"SS": ["b", "c"]},
        ":list": {"L": [{"S": "c"}]},
    }
    names = {f"#{name}": name for name in ("n", "m", "t", "s", "l", "gone")} | {"#key": "sk"}
    old, new = ({"pk": {"S": "P"}, "sk": {"S": sort}} for sort in ("old", "new"))
    errors = ""
    with fresh_aws():
        database = client("dynamodb")
        database.put_item(TableName="test-ledger", Item={**old, **there, "l": {"L": [{"N": "1"}]}})
        for key in (old, new):
            try:
                database.update_item(
                    TableName="test-ledger",
                    Key=key,
                    UpdateExpression=expression,
                    ExpressionAttributeNames={
                        short: name for short, name in names.items() if short in expression
                    },
                    ExpressionAttributeValues={
                        short: value for short, value in values.items() if short in expression
                    },
                )
            except database.exceptions.ClientError as error:
                errors += str(error)
        return errors, ledger_items()


@contextmanager
def recorded() -> Iterator[list[tuple[Any, Any]]]:
    """The requests of DynamoDB that come, each with its answer."""
    calls: list[tuple[Any, Any]] = []
    process_request = BotocoreStubber.process_request

    def processed(self: BotocoreStubber, request: Any) -> Any:
        answer = process_request(self, request)
        if "x-amz-target" in request.headers and "DynamoDB" in str(request.headers["x-amz-target"]):
            calls.append((request, answer))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", processed)
        yield calls


@contextmanager
def moto_itself() -> Iterator[None]:
    QUICK_MOTO.undo()
    yield
    quicken(QUICK_MOTO)


def shown(answer: Any) -> Any:
    status, _, body = answer
    return status, json.loads(body)
