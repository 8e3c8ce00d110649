"""What measured requests find in the tables, made by the app itself on moto.

Two people sign up through the public edge, one sends money to the other and pays at a shop. So no
measurement rests on items or tokens that somebody typed. `python -m infra.bench.seed` writes a
`Seed` to its output: what measures must have no moto inside, which hooks into every call.
"""

import base64
import json
import os
import sys
from typing import Any

import boto3
import msgspec

# The environment that it sets must stand before anything else is imported and reads it.
from tests.conftest import fresh_aws

# isort: split
from functions.identity.sealed import place
from infra.bench.requests import Case, Seed
from infra.bench.stub import Secrets, Tables
from infra.merchant_client import authorization
from shared.settings import settings
from shared.table import DomainRecord, Key
from tests.edge import call, event
from tests.people import PAY_PASSWORD, Person, register, transfer_body
from tests.shops import Shop, open_shop, pay, payment_code

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
        shop = open_shop()
        order_id = shop.order(1_250)
        shop.charge(payment_code(payer), 100)
        code = payment_code(payer)
        before = _tables()
        by_phone = transfer_body({"phone": payee.phone}, 1250) | {"note": "午饭"}
        wishes = {
            "phone": by_phone,
            "user_id": by_phone | {"payee": {"user_id": payee.user_id}},
            "longest": by_phone | {"note": "𠮷" * 100},
        }
        return Seed(
            environment={name: os.environ[name] for name in _ENVIRONMENT},
            secrets=Secrets(keys=_keys_secret(), data_keys=_data_keys(before)),
            before=before,
            # First of all: a code and a signature are good for a short while.
            charge=_charged(shop, code),
            payment=_paid(payer, order_id),
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


def _paid(payer: Person, order_id: str) -> Case:
    answer = pay(payer, order_id, key="paid")
    if answer.status != 201:
        raise RuntimeError(answer.text)
    body = {"order_id": order_id, "pay_password": PAY_PASSWORD}
    return Case(event=_event(payer, "POST", "/v1/payments", body, "paid"), after=_tables())


def _charged(shop: Shop, code: str) -> Case:
    """A charge that is paid at once, and the same one once more, signed anew."""
    body = {
        "payment_code": code,
        "merchant_order_id": "20260301-000123",
        "amount": 1_250,
        "currency": "CNY",
        "subject": "两杯咖啡",
    }
    method, path, raw = "POST", "/v1/merchant/charges", msgspec.json.encode(body)

    def headers() -> dict[str, str]:
        signature = authorization(
            shop.merchant_id, shop.secret, method=method, target=path, body=raw
        )
        return {"Authorization": signature, "Content-Type": "application/json"}

    signed, text = headers(), raw.decode()
    answer = call(method, path, raw=text, headers=signed)
    if answer.status != 201:
        raise RuntimeError(answer.text)
    return Case(
        event=event(method, path, text, signed),
        after=_tables(),
        again=event(method, path, text, headers()),
    )


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


def _data_keys(tables: Tables) -> dict[str, str]:
    """What opens the secrets of merchants: the wrapped keys, and what they open to."""
    kms, found = boto3.client("kms"), {}
    for item in tables[settings().records_table]:
        for one in json.loads(item["secrets"]["S"]) if "secrets" in item else []:
            at = Key(DomainRecord, item["pk"]["S"], item["sk"]["S"])
            context = {"of": place(at, f"secret/{one['key_id']}")}
            raw = base64.urlsafe_b64decode(one["sealed"].partition(".")[2])
            wrapped = raw[2 : 2 + int.from_bytes(raw[:2], "big")]
            opened = kms.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"]
            found[base64.b64encode(wrapped).decode()] = base64.b64encode(opened).decode()
    return found


if __name__ == "__main__":
    made = msgspec.json.encode(seed())
    # The app has logged to the same output; what counts is the last line.
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\n" + made)
