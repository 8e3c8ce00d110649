"""WeChat official account: messages in by webhook, answers out by the customer-service API."""

from functions.support.channels import TryLater, Undeliverable
from functions.support.social.credentials import WechatCredentials
from functions.support.social.port import MalformedMessage, NotGenuine, Said
from functions.support.social.sending import post
from functions.support.social.wechat_envelope import check_signature, decrypted, fields_of
from shared import clock
from shared.web import Received

_NOT_TEXT = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "shortvideo": "[视频]",
    "location": "[位置]",
    "link": "[链接]",
    "file": "[文件]",
}
_STALE_TOKEN = frozenset({40001, 40014, 42001})
_BUSY = frozenset({-1, 45009, 45011})
_WINDOW_OVER = frozenset({45015, 45047})


class Wechat:
    """Plain messages are signed by what stands in the address alone, so a deployment that can
    should have an AES key: then only encrypted ones are taken.
    """

    reply_window_seconds = 48 * 3_600
    text_limit = 2_000

    def __init__(self, credentials: WechatCredentials) -> None:
        self._credentials = credentials
        self._access_token = ""
        self._token_ends_at = 0

    def echo(self, query: dict[str, str]) -> str:
        self._check(query)
        return query.get("echostr", "")

    def read(self, received: Received, query: dict[str, str]) -> list[Said]:
        fields = self._opened(received.raw, query)
        kind, sender = fields.get("MsgType", ""), fields.get("FromUserName", "")
        if kind == "event":
            return []
        created = fields.get("CreateTime", "")
        if not sender or not created.isdigit() or len(created) > 12:
            raise MalformedMessage
        message_id = fields.get("MsgId") or f"{sender}{created}"
        return [Said("wechat", sender, message_id, _text(kind, fields), int(created))]

    def send(self, channel: str, to: str, text: str) -> None:
        body: dict[str, object] = {"touser": to, "msgtype": "text", "text": {"content": text}}
        code = self._ask(body)
        if code in _STALE_TOKEN:
            self._access_token = ""
            code = self._ask(body)
        if code in _WINDOW_OVER:
            raise Undeliverable("reply_window_over")
        if code in _BUSY or code in _STALE_TOKEN:
            raise TryLater
        if code:
            raise Undeliverable(f"refused_{code}")

    def _opened(self, raw: bytes, query: dict[str, str]) -> dict[str, str]:
        own = self._credentials
        fields = fields_of(raw)
        if not own.aes_key:
            self._check(query)
            return fields
        encrypted = fields.get("Encrypt")
        if not encrypted:
            raise NotGenuine
        signature, timestamp = query.get("msg_signature", ""), query.get("timestamp", "")
        check_signature(signature, own.token, timestamp, query.get("nonce", ""), encrypted)
        return fields_of(decrypted(encrypted, aes_key=own.aes_key, app_id=own.app_id))

    def _check(self, query: dict[str, str]) -> None:
        signature, timestamp = query.get("signature", ""), query.get("timestamp", "")
        check_signature(signature, self._credentials.token, timestamp, query.get("nonce", ""))

    def _ask(self, body: dict[str, object]) -> int:
        url = f"{self._credentials.api_url}/cgi-bin/message/custom/send"
        status, answer = post(f"{url}?access_token={self._token()}", body)
        return _code(status, answer)

    def _token(self) -> str:
        """A stable one: fetching it does not end the one that another container has."""
        if self._access_token and clock.seconds() < self._token_ends_at:
            return self._access_token
        own = self._credentials
        wish = {
            "grant_type": "client_credential",
            "appid": own.app_id,
            "secret": own.app_secret,
        }
        status, answer = post(f"{own.api_url}/cgi-bin/stable_token", wish)
        token, lasts_seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(lasts_seconds, int):
            raise TryLater(f"no token: {_code(status, answer)}")
        self._access_token = token
        self._token_ends_at = clock.seconds() + lasts_seconds // 2
        return token


def _text(kind: str, fields: dict[str, str]) -> str:
    if kind == "text":
        return fields.get("Content", "")
    said = fields.get("Recognition") or fields.get("Label") or fields.get("Title") or ""
    return f"{_NOT_TEXT.get(kind, '[消息]')} {said}".strip()


def _code(status: int, answer: dict[str, object]) -> int:
    code = answer.get("errcode", 0 if status == 200 else status)
    return code if isinstance(code, int) else status
