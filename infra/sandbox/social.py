"""Social networks that take answers: a WeChat official account, and Meta with a page and a phone.

What they were sent is at `/_sandbox/social/replies`; what they refuse next is ordered there too.
"""

import json
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox.operator_routes import local_route

_TOKEN = "sandbox-access-token"  # nosec B105  # of people who do not exist
_WECHAT = {
    "app_id": "wx5a9db0c5a1b2c3d4",
    "app_secret": "sandbox-wechat-app-secret-000000",
    "token": "sandbox-wechat-token",
    "aes_key": "c2FuZGJveC13ZWNoYXQtYWVzLWtleS0wMDAwMDAwMDA",
}
_META = {
    "app_secret": "sandbox-meta-app-secret-00000000",
    "verify_token": "sandbox-meta-verify-token",
    "page_id": "100200300",
    "page_token": "sandbox-page-token",
    "phone_number_id": "400500600",
    "whatsapp_token": "sandbox-whatsapp-token",
}
_KEPT = 1_000


class Reply(TypedDict):
    channel: str
    to: str
    text: str


class SocialNetworks:
    def __init__(self) -> None:
        self._replies: list[Reply] = []
        self._refusals: list[int] = []
        self._tokens = 0

    def routes(self) -> list[Route]:
        return [
            Route("/social/wechat/cgi-bin/stable_token", self._token, methods=["POST"]),
            Route("/social/wechat/cgi-bin/message/custom/send", self._wechat, methods=["POST"]),
            Route("/social/meta/{sender}/messages", self._meta, methods=["POST"]),
            local_route("GET", "social/credentials", self._credentials),
            local_route("GET", "social/replies", self._told),
            local_route("POST", "social/refusals", self._refuse_next),
        ]

    async def _credentials(self, request: Request) -> Response:
        """What the wallet stores in its secret."""
        base = f"{str(request.base_url).rstrip('/')}/social"
        return JSONResponse(
            {
                "wechat": {**_WECHAT, "api_url": f"{base}/wechat"},
                "meta": {**_META, "api_url": f"{base}/meta"},
            }
        )

    async def _told(self, request: Request) -> Response:
        """The answers to somebody, oldest first; without `to` to all."""
        to = request.query_params.get("to")
        items = [one for one in self._replies if to in (None, one["to"])]
        return JSONResponse({"items": items})

    async def _refuse_next(self, request: Request) -> Response:
        """The codes that the next messages are refused with, one each: `{"codes": [45015]}`."""
        self._refusals = list((await _json(request))["codes"])
        return Response(status_code=204)

    async def _token(self, request: Request) -> Response:
        wish = await _json(request)
        if (wish.get("appid"), wish.get("secret")) != (_WECHAT["app_id"], _WECHAT["app_secret"]):
            return JSONResponse({"errcode": 40013, "errmsg": "invalid appid"})
        self._tokens += 1
        return JSONResponse({"access_token": f"{_TOKEN}-{self._tokens}", "expires_in": 7200})

    async def _wechat(self, request: Request) -> Response:
        if request.query_params.get("access_token") != f"{_TOKEN}-{self._tokens}":
            return JSONResponse({"errcode": 40001, "errmsg": "invalid credential"})
        if self._refusals:
            return JSONResponse({"errcode": self._refusals.pop(0), "errmsg": "refused"})
        wish = await _json(request)
        self._keep("wechat", wish["touser"], wish["text"]["content"])
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _meta(self, request: Request) -> Response:
        on_whatsapp = request.path_params["sender"] == _META["phone_number_id"]
        token = _META["whatsapp_token" if on_whatsapp else "page_token"]
        if request.headers.get("authorization") != f"Bearer {token}":
            return _refused(401, 190)
        if self._refusals:
            return _refused(400, self._refusals.pop(0))
        wish = await _json(request)
        if on_whatsapp:
            self._keep("whatsapp", wish["to"], wish["text"]["body"])
            return JSONResponse({"messages": [{"id": f"wamid.{len(self._replies)}"}]})
        self._keep("messenger", wish["recipient"]["id"], wish["message"]["text"])
        return JSONResponse({"message_id": f"m_{len(self._replies)}"})

    def _keep(self, channel: str, to: str, text: str) -> None:
        self._replies.append(Reply(channel=channel, to=to, text=text))
        del self._replies[:-_KEPT]


def _refused(status: int, code: int) -> Response:
    return JSONResponse({"error": {"code": code, "message": "refused"}}, status)


async def _json(request: Request) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(await request.body())
    return read
