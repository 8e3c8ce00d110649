"""Social networks as they tell of messages: addresses, bodies and signatures, by a stranger's hand.

It shares no code with the wallet, so what both would get wrong shows.
"""

import base64
import hashlib
import hmac
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WECHAT, META = "/v1/notifications/wechat", "/v1/notifications/meta"


@dataclass
class Told:
    """A request of a network."""

    path: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WechatServer:
    """What WeChat knows of our official account. encrypted: in its safe mode."""

    credentials: dict[str, Any]
    encrypted: bool = True

    def echo(self, text: str, *, at: int, token: str | None = None) -> str:
        return f"{WECHAT}?{urlencode(self._signed(at, token) | {'echostr': text})}"

    def message(
        self, sender: str, text: str, message_id: str, *, at: int, kind: str = "text", **more: str
    ) -> Told:
        extra = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in more.items())
        xml = (
            f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName>"
            f"<FromUserName><![CDATA[{sender}]]></FromUserName><CreateTime>{at}</CreateTime>"
            f"<MsgType><![CDATA[{kind}]]></MsgType><Content><![CDATA[{text}]]></Content>"
            f"<MsgId>{message_id}</MsgId>{extra}</xml>"
        )
        return self.told(xml, at=at)

    def told(self, xml: str, *, at: int) -> Told:
        query = self._signed(at, None)
        if not self.encrypted:
            return Told(f"{WECHAT}?{urlencode(query)}", xml)
        sealed = self._sealed(xml.encode())
        signature = self._sha1(query["timestamp"], query["nonce"], sealed)
        query |= {"encrypt_type": "aes", "msg_signature": signature}
        envelope = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        return Told(f"{WECHAT}?{urlencode(query)}", envelope)

    def _signed(self, at: int, token: str | None) -> dict[str, str]:
        query = {"timestamp": str(at), "nonce": os.urandom(4).hex()}
        return query | {"signature": self._sha1(*query.values(), token=token)}

    def _sha1(self, *parts: str, token: str | None = None) -> str:
        joined = "".join(sorted((token or self.credentials["token"], *parts)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def _sealed(self, xml: bytes) -> str:
        key = base64.b64decode(self.credentials["aes_key"] + "=")
        owner = self.credentials["app_id"].encode()
        content = os.urandom(16) + struct.pack(">I", len(xml)) + xml + owner
        padding = 32 - len(content) % 32
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = encryptor.update(content + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()


@dataclass(frozen=True)
class MetaServer:
    credentials: dict[str, Any]

    def challenge(self, text: str, *, token: str | None = None) -> str:
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": token or self.credentials["verify_token"],
            "hub.challenge": text,
        }
        return f"{META}?{urlencode(query)}"

    def messenger(self, sender: str, text: str, message_id: str, *, at: int) -> Told:
        event = {
            "sender": {"id": sender},
            "recipient": {"id": self.credentials["page_id"]},
            "timestamp": at * 1000,
            "message": {"mid": message_id, "text": text},
        }
        return self.told({"object": "page", "entry": [{"id": "1", "messaging": [event]}]})

    def whatsapp(self, sender: str, text: str, message_id: str, *, at: int) -> Told:
        message = {
            "from": sender,
            "id": message_id,
            "timestamp": str(at),
            "type": "text",
            "text": {"body": text},
        }
        value = {"messaging_product": "whatsapp", "messages": [message]}
        entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
        return self.told({"object": "whatsapp_business_account", "entry": [entry]})

    def told(self, body: object) -> Told:
        text = json.dumps(body)
        secret = self.credentials["app_secret"].encode()
        signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
        return Told(META, text, {"X-Hub-Signature-256": f"sha256={signature}"})
