"""Who asks: from a merchant's signature to the merchant.

A request is signed in the header `Authorization: HMAC-SHA256 merchant_id=...,timestamp=...,
nonce=...,signature=...`. The signature is HMAC-SHA256, in hexadecimal, over the lines timestamp,
nonce, method, target and SHA-256 of the body. The target is the path with its query in one form, so
that it does not matter how a gateway passes it on. A signature is good for five minutes, and once:
whoever repeats a request signs it anew. All that may be wrong is refused in the same words.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple
from urllib.parse import quote, urlencode

from chalice.app import Request

from functions.payments.merchants import secrets_of
from functions.payments.records import ACTIVE, Merchant, Nonce, merchant_key, nonce_key
from shared import clock
from shared.errors import Texts
from shared.table import Cancelled, Found, Key, put, write
from shared.web.operation import Principal
from shared.web.problems import Unauthenticated

TOLERANCE_SECONDS = 300
_SCHEME = "hmac-sha256"
_FORM = re.compile(
    r"merchant_id=(?P<merchant_id>m_[a-z2-7]{26}), ?timestamp=(?P<timestamp>[0-9]{1,12}), ?"
    r"nonce=(?P<nonce>[A-Za-z0-9_-]{16,64}), ?signature=(?P<signature>[0-9a-f]{64})"
)


class NotSigned(Unauthenticated):
    title = Texts("签名无效", "Not signed")
    detail = Texts(
        "请求签名缺失、错误、过期或已使用过。",
        "The signature of the request is missing, wrong, too old or was used before.",
    )

    def __init__(self) -> None:
        super().__init__(scheme="HMAC-SHA256")


class Signed(NamedTuple):
    """What a request says of its signature, and the text that must have been signed."""

    merchant_id: str
    timestamp: int
    nonce: str
    signature: str
    text: bytes


class MerchantCheck:
    """Implements `shared.web.operation.SignInCheck`."""

    scheme = _SCHEME
    roles: frozenset[str] = frozenset()

    def proof(self, request: Request) -> Signed:
        scheme, _, rest = str(request.headers.get("authorization", "")).partition(" ")
        given = _FORM.fullmatch(rest.strip())
        if scheme.lower() != _SCHEME or given is None:
            raise NotSigned
        if abs(clock.seconds() - int(given["timestamp"])) >= TOLERANCE_SECONDS:
            raise NotSigned
        return Signed(
            merchant_id=given["merchant_id"],
            timestamp=int(given["timestamp"]),
            nonce=given["nonce"],
            signature=given["signature"],
            text=_signed_text(given["timestamp"], given["nonce"], request),
        )

    def user_id(self, proof: Signed) -> str:
        return proof.merchant_id

    def keys(self, proof: Signed) -> list[Key]:
        return [merchant_key(proof.merchant_id), nonce_key(proof.merchant_id, proof.nonce)]

    def principal(self, found: Found, proof: Signed) -> Principal:
        merchant = found.one(Merchant, merchant_key(proof.merchant_id))
        if merchant is None or merchant.status != ACTIVE:
            raise NotSigned
        if not any(_is_by(secret, proof) for secret in secrets_of(merchant)):
            raise NotSigned
        if found.get(nonce_key(proof.merchant_id, proof.nonce)) is not None:
            raise NotSigned
        _use_up(proof)
        return Principal(proof.merchant_id, "")


def _is_by(secret: str, proof: Signed) -> bool:
    signature = hmac.digest(secret.encode(), proof.text, "sha256").hex()
    return hmac.compare_digest(signature, proof.signature)


def _use_up(proof: Signed) -> None:
    """Raises NotSigned when another request has used the nonce meanwhile."""
    nonce = Nonce(
        *nonce_key(proof.merchant_id, proof.nonce)[1:],
        used_by=secrets.token_hex(16),
        ttl=proof.timestamp + 2 * TOLERANCE_SECONDS,
    )
    try:
        write(put(nonce))
    except Cancelled as cancelled:
        raise NotSigned from cancelled


def _signed_text(timestamp: str, nonce: str, request: Request) -> bytes:
    target = request.path.format(**(request.uri_params or {}))
    if given := request.query_params:
        pairs = sorted((name, value) for name in given for value in given.getlist(name))
        target = f"{target}?{urlencode(pairs, quote_via=quote)}"
    body = request.raw_body
    raw = body.encode() if isinstance(body, str) else body
    digest = hashlib.sha256(raw).hexdigest()
    return "\n".join([timestamp, nonce, request.method, target, digest]).encode()


merchant_check = MerchantCheck()


def merchant_of(found: Found, merchant_id: str) -> Merchant:
    """The merchant who asks, in an operation of an `Api` with the `merchant_check`."""
    merchant = found.one(Merchant, merchant_key(merchant_id))
    if merchant is None:
        raise NotSigned
    return merchant
