"""The live chat on a running stack: real sockets, from the gateway to the tables and back."""

import asyncio

from infra.agent_console import AgentConsole
from infra.chat_client import ChatClient
from infra.phone_app import PhoneApp
from infra.stack import Stack


def console(stack: Stack, role: str = "agent") -> AgentConsole:
    agent = next(one for one in stack.agents if one.role == role)
    signed_in = AgentConsole(stack.addresses, agent)
    signed_in.sign_in()
    return signed_in


def client(app: PhoneApp | AgentConsole) -> ChatClient:
    return ChatClient(app.addresses.chat_url, app.tokens["access_token"])


def test_a_user_and_an_agent_talk_on_all_devices(stack: Stack) -> None:
    user, agent = PhoneApp(stack.addresses), console(stack)
    user.register()

    async def talk() -> None:
        async with client(user) as phone, client(user) as tablet, client(agent) as desk:
            accepted = await phone.say("My payment failed.")
            ticket_id = accepted["ticket_id"]
            assert (await desk.other("waiting"))["ticket_id"] == ticket_id
            await desk.ask("take", ticket_id=ticket_id)
            await desk.catch_up(ticket_id)
            await desk.say("Which one?", ticket_id)
            for device in (phone, tablet, desk):
                texts = [one["text"] for one in await device.until(ticket_id, 2)]
                assert texts == ["My payment failed.", "Which one?"]

    asyncio.run(talk())
