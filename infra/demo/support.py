"""A payment that failed, a ticket from it, and an agent who sees why and answers."""

from collections.abc import Sequence

from infra.agent_console import AgentConsole
from infra.demo.telling import chapter, expect, step, until
from infra.phone_app import PhoneApp, Unexpected, new_key
from infra.stack import Addresses
from infra.staff import LocalAgent
from shared.money import display

TOO_MUCH = 40_000


def at_work(
    addresses: Addresses, agents: Sequence[LocalAgent], *, second: bool = False
) -> AgentConsole:
    """An agent who is signed in, with a code that was not used before. Raises Unexpected.

    second: another one than without it.
    """
    answering = [one for one in agents if one.role == "agent"][second:]
    if not answering:
        raise Unexpected("this stack has no such agent")
    console = AgentConsole(addresses, answering[0])
    used = console.code()
    try:
        console.sign_in()
    except Unexpected:  # somebody was faster with this code
        until(console.code, lambda code: code != used)
        console.sign_in()
    return console


def ask_support(ana: PhoneApp, bo: PhoneApp, amy: AgentConsole) -> None:
    chapter("Support: a ticket from what failed, and an agent who sees why")
    ticket_id = complain(bo, fail(ana, bo))
    answer_it(amy, ticket_id)
    read_and_rate(bo, amy, ticket_id)


def fail(ana: PhoneApp, bo: PhoneApp) -> dict[str, str]:
    refused = bo.transfer({"phone": ana.phone}, TOO_MUCH)
    expect(refused, 422, code="INSUFFICIENT_FUNDS")
    step(f"Bo sends Ana {display(TOO_MUCH)}, which he does not have", refused.json["detail"])
    attempt = bo.must(200, "GET", "/v1/me/failed-attempts")["items"][0]
    step("His app knows why", attempt["diagnosis"]["cause"])
    return {"kind": attempt["kind"], "id": attempt["id"]}


def complain(bo: PhoneApp, about: dict[str, str]) -> str:
    body = {
        "subject": "My transfer failed",
        "message": "It says that I have too little. My card is 6222 0212 3450 0010 008.",
        "about": about,
        "client_id": new_key(),
    }
    made = bo.must(201, "POST", "/v1/support/tickets", body)
    step("He opens a ticket about it", f"number {made['number']}, {made['state']}")
    said = bo.must(200, "GET", f"/v1/support/tickets/{made['ticket_id']}")["messages"][0]["text"]
    step("The card number that he typed is stored nowhere", said)
    return str(made["ticket_id"])


def answer_it(amy: AgentConsole, ticket_id: str) -> None:
    path = f"/v1/agent/tickets/{ticket_id}"
    waiting = amy.must(200, "GET", "/v1/agent/tickets?assignee=nobody&limit=100")["items"]
    step("An agent looks into her inbox", f"{len(waiting)} wait for nobody in particular")
    amy.must(200, "POST", f"{path}/take")
    facts = amy.must(200, "GET", f"{path}/facts")
    failure = facts["last_failure"]["diagnosis"]
    step("She takes it, and sees the facts beside it", f"{facts['phone']}: {failure['cause']}")
    reply = {"text": "Top up first; then it will pass.", "client_id": new_key()}
    answered = amy.must(201, "POST", f"{path}/replies", reply)["ticket"]
    step("She answers", answered["state"])


def read_and_rate(bo: PhoneApp, amy: AgentConsole, ticket_id: str) -> None:
    path = f"/v1/support/tickets/{ticket_id}"

    def said() -> str:
        newest = bo.must(200, "GET", path)["messages"][0]
        return f"{newest['author']}: {newest['text']}"

    step("Bo reads the answer", until(said, lambda text: text.startswith("support")))
    amy.must(200, "PATCH", f"/v1/agent/tickets/{ticket_id}", {"state": "solved"})
    expect(bo.ask("POST", f"{path}/rating", {"score": 5}), 200, rating=5)
    step("It is solved, and he rates it", "5 of 5")
