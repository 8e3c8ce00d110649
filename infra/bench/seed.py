"""What measured requests find in the tables, made by the app itself on moto.

Two people sign up through the public edge and one sends money to the other. So no measurement
rests on items or tokens that somebody typed. `python -m infra.bench.seed` writes a `Seed` to its
output: what measures must have no moto inside, which hooks into every call.
"""

import os
import sys
from typing import Any

import boto3
import msgspec

from infra.bench.requests import Case, Seed
from infra.bench.stub import Tables
from shared.settings import settings
from tests.conftest import fresh_aws
from tests.edge import event
from tests.people import Person, register, transfer_body

_FUNDS = 10**14
_ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "LEDGER_TABLE",
    "RECORDS_TABLE",
    "KEYS_SECRET",
)


def seed() -> Seed:
    with fresh_aws():
        payer = register("+8613812345678", funds=_FUNDS)
        payee = register("+8613987654321", funds=_FUNDS)
        # Nobody's first transfer of the day: that one has less to compare.
        payer.send(payee, 100, key="earlier")
        before = _tables()
        by_phone = transfer_body({"phone": payee.phone}, 1250) | {"note": "午饭"}
        wishes = {
            "phone": by_phone,
            "user_id": by_phone | {"payee": {"user_id": payee.user_id}},
            "longest": by_phone | {"note": "𠮷" * 100},
        }
        return Seed(
            environment={name: os.environ[name] for name in _ENVIRONMENT},
            keys_secret=_keys_secret(),
            before=before,
            transfers={name: _sent(payer, wish, key=name) for name, wish in wishes.items()},
            pages=(
                _event(payer, "GET", "/v1/wallet/entries"),
                _event(payee, "GET", "/v1/wallet/entries"),
            ),
        )


def _sent(payer: Person, body: dict[str, Any], key: str) -> Case:
    answer = payer.call("POST", "/v1/transfers", body, key=key)
    if answer.status != 201:
        raise RuntimeError(answer.text)
    return Case(event=_event(payer, "POST", "/v1/transfers", body, key), after=_tables())


def _event(
    person: Person, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key}
    if body is None:
        return event(method, path, None, headers)
    headers["Content-Type"] = "application/json"
    return event(method, path, msgspec.json.encode(body).decode(), headers)


def _tables() -> Tables:
    database = boto3.client("dynamodb")
    names = (settings().ledger_table, settings().records_table)
    return {name: database.scan(TableName=name)["Items"] for name in names}


def _keys_secret() -> str:
    found = boto3.client("secretsmanager").get_secret_value(SecretId=settings().keys_secret)
    return str(found["SecretString"])


if __name__ == "__main__":
    made = msgspec.json.encode(seed())
    # The app has logged to the same output; what counts is the last line.
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\n" + made)
