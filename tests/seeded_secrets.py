"""Secrets that go through the wallet in a test, and the search for what was left of them.

What is a secret is known by the field it travels in, at the edge. So whatever a test asks, its
secrets are searched for without being listed.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.ses.models import RawMessage, ses_backends
from moto.sns.models import sns_backends

from app import app
from tests.faults import Attempt

REGION = "ap-southeast-1"
TYPED = {
    "password": "password",
    "current_password": "password",
    "new_password": "password",
    "pay_password": "pay password",
    "number": "card number",
    "code": "typed code",
    "totp": "typed code",
    "device_secret": "device secret",
    "refresh_token": "typed token",
    "payment_code": "payment code",
    "secret": "invitation secret",
}
GIVEN = {
    "access_token": "token",
    "refresh_token": "token",
    "secret": "TOTP secret",
    "recovery_codes": "recovery code",
    "code": "payment code",
}
# Where a secret must be, once: the answer that gives it, or the message that brings it.
MUST_HOLD = {
    ("token", "answers"),
    ("TOTP secret", "answers"),
    ("recovery code", "answers"),
    ("payment code", "answers"),
    ("sent code", "messages"),
}
_TOKEN_SECRET_LENGTH = 43
# A shorter one may well be a part of some hash, so it counts only as a whole.
_SHORT = 16
_CODE_LENGTH = 6
# What an answer calls `code` else is the name of a refusal.
_PAYMENT_CODE = re.compile("[0-9]{18}")
_MESSAGES = {"Publish", "SendEmail"}
_READS = {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}


class Finding(NamedTuple):
    """times: in how many texts of the place; where nothing may be, at least in one."""

    kind: str
    place: str
    times: int
    where: str


class Seeds:
    """Secrets by their kind."""

    def __init__(self) -> None:
        self.by_kind: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, kind: str, *secrets: str) -> None:
        ends = (one[-_TOKEN_SECRET_LENGTH:] if "token" in kind else one for one in secrets)
        self.by_kind[kind].update(ends)

    def settle(self, messages: list[str]) -> dict[str, set[str]]:
        """With the codes that were sent, and without what is of two kinds in the weaker one."""
        for message in messages:
            self.add("sent code", *re.findall(r"(?<!\d)\d{6}(?!\d)", _only_of_codes(message)))
        self.by_kind["typed code"] -= self.by_kind["sent code"] | self.by_kind["recovery code"]
        self.by_kind["typed token"] -= self.by_kind["token"]
        return dict(self.by_kind)


class Edge:
    """Stands in for the app in `tests.edge`, and keeps what is said there."""

    def __init__(self, seeds: Seeds) -> None:
        self.routes = app.routes
        self.answers: list[str] = []
        self._seeds = seeds

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        self._take(event["body"], TYPED)
        for name, text in event["headers"].items():
            if name == "Authorization" and text.startswith("Bearer "):
                self._seeds.add("typed token", text.removeprefix("Bearer "))
            elif name == "Authorization" or name.lower().endswith("-signature"):
                self._seeds.add("signature", text.rpartition("signature=")[2].strip('"'))
        answer = app(event, context)
        self.answers.append(f"{answer['headers']}\n{answer['body']}")
        self._take(answer["body"], GIVEN)
        return answer

    def _take(self, body: str | None, kinds: dict[str, str]) -> None:
        try:
            value = json.loads(body or "null")
        except ValueError:  # what nobody can read names no field
            return
        for name, text in _texts(value):
            if name in kinds and (kinds is TYPED or name != "code" or _PAYMENT_CODE.match(text)):
                self._seeds.add(kinds[name], text)


def messages() -> list[str]:
    """All text messages, mails and push messages that went out."""
    sns = sns_backends[DEFAULT_ACCOUNT_ID][REGION]
    pushed = (one.messages.values() for one in sns.platform_endpoints.values())
    mails = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    return [
        *(str(text) for _, text, *_ in sns.sms_messages.values()),
        *(str(text) for several in pushed for text in several),
        *(
            mail.raw_data if isinstance(mail, RawMessage) else f"{mail.subject}\n{mail.body}"
            for mail in mails
        ),
    ]


def items() -> list[str]:
    """All that stands in both tables."""
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values()
    return [json.dumps(one.to_json()) for table in tables for one in table.all_items()]


def files() -> list[str]:
    """All objects of all buckets, with their names."""
    buckets = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets.values()
    keys = [key for bucket in buckets for key in bucket.keys.values()]
    return [f"{key.name} {key.metadata}\n{key.value.decode(errors='replace')}" for key in keys]


def written_to_aws(attempts: list[Attempt]) -> list[str]:
    """All that was ever sent to be stored, queued or started; records that are gone are in it."""
    return [str(one.request) for one in attempts if one.operation not in _READS | _MESSAGES]


def search(seeds: dict[str, set[str]], places: dict[str, list[str]]) -> list[Finding]:
    """Whatever is where it must not be, or is not, once, where it must be."""
    found = []
    for place, texts in places.items():
        whole = "\n".join(texts)
        for kind, secrets in seeds.items():
            wanted = int((kind, place) in MUST_HOLD)
            for secret in secrets:
                holding = [one for one in texts if _is_in(one, secret)] if wanted else []
                times = len(holding) if wanted else int(_is_in(whole, secret))
                if times != wanted:
                    found.append(Finding(kind, place, times, _around(secret, texts)))
    return found


def _around(secret: str, texts: list[str]) -> str:
    """Where it is: the first text that holds it, as far as one wants to read it."""
    return next((text[:400] for text in texts if _is_in(text, secret)), "nowhere")


def _is_in(text: str, secret: str) -> bool:
    looks = _looks(secret)
    if not any(look in text for look in looks):
        grouped = secret.isdigit() and len(secret) > _CODE_LENGTH
        return grouped and bool(re.search(r"[ -]?".join(secret), text))
    if len(secret) >= _SHORT:
        return True
    # Behind a point digits are a part of a second.
    either = "|".join(map(re.escape, looks))
    return bool(re.search(rf"(?<![0-9A-Za-z])(?<!\d\.)(?:{either})(?![0-9A-Za-z])", text))


@cache
def _looks(secret: str) -> list[str]:
    """As it is, and as it looks in JSON, in an address, in base64 or in hexadecimal digits."""
    raw = secret.encode()
    looks = {
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
    return sorted(looks)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, with the name of the field that it is in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, key)


def _only_of_codes(message: str) -> str:
    return message if "验证码" in message or "code" in message else ""
