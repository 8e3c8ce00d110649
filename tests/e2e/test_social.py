"""Social networks on the running stack: a signed message in, the answer on the same channel."""

import secrets
import time
from typing import Any

import urllib3

from infra.phone_app import Client
from infra.stack import Stack
from tests.e2e.conftest import eventually, new_agent
from tests.functions.support.networks import MetaServer, Told, WechatServer


def sandbox(stack: Stack, path: str) -> Any:
    return urllib3.request("GET", f"{stack.addresses.sandbox_url}/_sandbox/social{path}").json()


def tell(stack: Stack, told: Told) -> int:
    url = stack.addresses.api_url + told.path
    answer = Client.connections.request(
        "POST", url, body=told.body.encode(), headers={"Content-Type": "text/xml", **told.headers}
    )
    return answer.status


def test_an_answer_arrives_where_the_question_came_from(stack: Stack) -> None:
    known, name, now = sandbox(stack, "/credentials"), secrets.token_hex(6), int(time.time())
    wechat, meta = WechatServer(known["wechat"]), MetaServer(known["meta"])
    for _ in range(2):  # told twice
        assert tell(stack, wechat.message(f"o_{name}", f"提现 {name}", name, at=now)) == 200
    assert tell(stack, meta.messenger(f"m_{name}", f"Hello {name}", name, at=now)) == 204
    assert tell(stack, Told(meta.told({}).path, "{}")) == 401

    agent = new_agent(stack)
    inbox = agent.must(200, "GET", "/v1/agent/tickets?limit=100")["items"]
    own = [one for one in inbox if name in one["subject"]]
    assert sorted(one["last_channel"] for one in own) == ["messenger", "wechat"]
    for one in own:
        path = f"/v1/agent/tickets/{one['ticket_id']}/replies"
        agent.must(
            201, "POST", path, {"text": f"Answer {name}", "client_id": one["last_channel"] + name}
        )

    def arrived() -> list[str]:
        items = sandbox(stack, "/replies")["items"]
        return sorted(one["to"] for one in items if one["text"] == f"Answer {name}")

    eventually(arrived, [f"m_{name}", f"o_{name}"])
