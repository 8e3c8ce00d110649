"""The live chat on a running stack: real sockets, from the gateway to the tables and back."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from infra.agent_console import AgentConsole
from infra.chat_client import ChatClient, ChatRefused, Disconnected, Frame
from infra.phone_app import PhoneApp
from infra.stack import Stack

USERS = 50
DEVICES_EACH = 4
AT_ONCE = 4


@pytest.fixture
def user(stack: Stack) -> PhoneApp:
    app = PhoneApp(stack.addresses)
    app.register()
    return app


def client(app: PhoneApp | AgentConsole) -> ChatClient:
    return ChatClient(app.addresses.chat_url, app.tokens["access_token"])


def texts(messages: list[Frame]) -> list[str]:
    return [one["text"] for one in messages]


def test_a_user_and_an_agent_talk_and_who_was_cut_off_goes_on(
    user: PhoneApp, amy: AgentConsole
) -> None:
    async def talk() -> None:
        async with client(user) as phone, client(user) as tablet, client(amy) as console:
            ticket_id = (await phone.say("My payment failed."))["ticket_id"]
            assert (await console.other("waiting"))["ticket_id"] == ticket_id
            await console.ask("take", ticket_id=ticket_id)
            assert (await phone.other("queue"))["conversation"]["position"] is not None
            assert (await tablet.other("queue"))["type"] == "queue"

            await tablet.cut()
            await console.catch_up(ticket_id)
            await console.say("Which one?", ticket_id)
            by_request = {"text": "The one of today?", "client_id": "1"}
            path = f"/v1/agent/tickets/{ticket_id}/replies"
            assert amy.ask("POST", path, by_request).status == 201
            await phone.say("The last one.")
            await tablet.come()

            said = ["My payment failed.", "Which one?", "The one of today?", "The last one."]
            for device in (phone, tablet, console):
                assert texts(await device.until(ticket_id, 4)) == said

    asyncio.run(talk())


def test_a_device_that_signs_out_hears_and_says_nothing_more(
    user: PhoneApp, amy: AgentConsole
) -> None:
    async def talk() -> None:
        async with client(user) as phone, client(amy) as console:
            ticket_id = (await phone.say("hello"))["ticket_id"]
            assert user.ask("DELETE", "/v1/sessions/current").status == 204
            await console.ask("take", ticket_id=ticket_id)
            await console.catch_up(ticket_id)
            await console.say("Are you there?", ticket_id)
            with pytest.raises((ChatRefused, Disconnected)):
                await phone.ask("ping")
            assert texts(phone.messages[ticket_id]) == ["hello"]

    asyncio.run(talk())


class Unlucky(ChatClient):
    """A device that is cut off while it says something."""

    async def begin(self, text: str, chance: random.Random) -> str:
        """Says it, once before the cut and once again after it; gives the ticket."""
        await self.come()
        await self.tell("message", client_id=text, text=text)
        await asyncio.sleep(chance.choice([0, 0.05, 0.2]))
        await self.cut()
        await self.come()
        accepted = await self.say(text, client_id=text)
        return str(accepted["ticket_id"])


def test_devices_that_are_cut_off_while_they_write_lose_nothing_and_double_nothing(
    stack: Stack,
) -> None:
    """All devices of a user say something at once, and are cut off when it may or may not have been
    kept. In the end each shows all of it, once and in one order. The local gateway has one process
    for all frames: `tests/concurrency/test_chat.py` has them handled at the same time.
    """
    users = [PhoneApp(stack.addresses) for _ in range(USERS)]
    for one in users:
        one.register()

    async def chat() -> list[set[str]]:
        at_once, chance = asyncio.Semaphore(AT_ONCE), random.Random(7)

        async def work(device: Unlucky, text: str) -> str:
            async with at_once:
                return await device.begin(text, chance)

        return await asyncio.gather(*(_talk(one, work) for one in users))

    tickets = asyncio.run(chat())
    assert [len(of_user) for of_user in tickets] == [1] * USERS
    for one in users:
        assert len(one.must(200, "GET", "/v1/support/tickets")["items"]) == 1


async def _talk(app: PhoneApp, work: Callable[[Unlucky, str], Awaitable[str]]) -> set[str]:
    """All devices of one user at once; gives the tickets that they have talked in."""
    token = app.tokens["access_token"]
    devices = {
        f"from-{number}": Unlucky(app.addresses.chat_url, token) for number in range(DEVICES_EACH)
    }
    tickets = await asyncio.gather(*(work(device, text) for text, device in devices.items()))
    shown = [texts(await one.until(tickets[0], DEVICES_EACH)) for one in devices.values()]
    assert sorted(shown[0]) == sorted(devices)
    assert all(one == shown[0] for one in shown)
    await asyncio.gather(*(device.leave() for device in devices.values()))
    return set(tickets)
