"""The keys of both platforms and of their one merchant, made at the first start."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

FILE_NAME = "platforms.json"


@dataclass(frozen=True)
class Keys:
    """All PEM. The forger's key is for wrong signatures."""

    merchant: str
    platform: str
    forger: str
    app_id: str
    seller_id: str
    merchant_id: str
    merchant_serial: str
    platform_serial: str
    api_v3_key: str

    @staticmethod
    def of(directory: Path) -> "Keys":
        """Those of a directory, made when it has none."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = directory / FILE_NAME
        if not file.exists():
            keys = Keys(
                merchant=_new_key(),
                platform=_new_key(),
                forger=_new_key(),
                app_id=_digits(16),
                seller_id=f"2088{_digits(12)}",
                merchant_id=_digits(10),
                merchant_serial=secrets.token_hex(20).upper(),
                platform_serial=f"PUB_KEY_ID_{_digits(30)}",
                api_v3_key=secrets.token_hex(16),
            )
            file.write_text(json.dumps(asdict(keys)))
        return Keys(**json.loads(file.read_text()))

    def for_merchant(self, url: str) -> dict[str, Any]:
        """What a merchant would find in the consoles of both platforms."""
        return {
            "alipay": {
                "app_id": self.app_id,
                "seller_id": self.seller_id,
                "private_key": self.merchant,
                "public_key": self._public,
                "gateway_url": f"{url}/alipay/gateway.do",
            },
            "wechat_pay": {
                "app_id": self.app_id,
                "merchant_id": self.merchant_id,
                "merchant_serial": self.merchant_serial,
                "private_key": self.merchant,
                "public_keys": {self.platform_serial: self._public},
                "api_v3_key": self.api_v3_key,
                "gateway_url": f"{url}/wechat-pay",
            },
        }

    def sign(self, text: str, *, wrongly: bool = False) -> str:
        """SHA256withRSA by the platform, or by the forger."""
        key = self._forger_key if wrongly else self._platform_key
        return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def merchant_has_signed(self, text: str, signature: str) -> bool:
        try:
            given = base64.b64decode(signature, validate=True)
            self._merchant_key.public_key().verify(given, text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def _public(self) -> str:
        public = self._platform_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @cached_property
    def _merchant_key(self) -> RSAPrivateKey:
        return _loaded(self.merchant)

    @cached_property
    def _platform_key(self) -> RSAPrivateKey:
        return _loaded(self.platform)

    @cached_property
    def _forger_key(self) -> RSAPrivateKey:
        return _loaded(self.forger)


def _new_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _loaded(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the platforms sign by RSA")
    return key


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))
