"""A user and an agent, in the live chat: over real sockets, with a connection that is lost."""

import asyncio

from infra.agent_console import AgentConsole
from infra.chat_client import ChatClient
from infra.demo.telling import chapter, step
from infra.phone_app import PhoneApp, Unexpected


def chat_with_agent(person: PhoneApp, agent: AgentConsole, *, name: str) -> str:
    """Has a signed-in person and a signed-in agent talk; gives the id of their ticket.

    Raises Unexpected when they do not hear each other.
    """
    chapter("Support live: a chat over a socket, which may break")
    return asyncio.run(_talk(person, agent, name))


async def _talk(person: PhoneApp, agent: AgentConsole, name: str) -> str:
    async with _client(person) as phone, _client(agent) as desk:
        ticket_id: str = (await phone.say("My payment failed. Can you help?"))["ticket_id"]
        queue = await phone.other("queue")
        position = queue["conversation"]["position"]
        step(f"{name} writes in the chat", f"kept as message 1; place {position} in the queue")
        offered = (await phone.other("suggestions"))["articles"]
        step("Until somebody comes, articles that fit are offered", offered[0]["title"])

        await desk.ask("take", ticket_id=ticket_id)
        await desk.catch_up(ticket_id)
        step("An agent takes the conversation, and reads it", f"{len(desk.messages[ticket_id])}")
        await phone.cut()
        await desk.say("Which one was it?", ticket_id)
        step(f"{name}'s connection is lost while the agent answers", "kept as message 2")
        await phone.come()
        await phone.say("The one of this morning.")
        step(f"{name} is back, has the answer, and goes on", "message 3")

        heard = [await client.until(ticket_id, 3) for client in (phone, desk)]
        if heard[0] != heard[1] or len(heard[0]) != 3:
            raise Unexpected(f"they have not heard the same: {heard}")
        step("Both have all of it, once and in one order", "3 messages")
    return ticket_id


def _client(app: PhoneApp | AgentConsole) -> ChatClient:
    return ChatClient(app.addresses.chat_url, app.tokens["access_token"], language=app.language)
