"""Somebody who is locked out and asks support, and the agents who make sure of them."""

from typing import Any

from tests.agents import Agent, at_work
from tests.edge import Answer, call
from tests.functions.identity.asking import ask_code
from tests.people import Person, code_in_last_sms, mails_sent_to, six_digits_in

REQUESTS = "/v1/support/unlock-requests"
FOR_AGENTS = "/v1/agent/unlock-requests"
EMAIL = "ana@post.example"
FACTS = ("registered", "balance", "movement", "card", "device", "place")


def wish(person: Person, email: str | None = EMAIL, **more: object) -> dict[str, Any]:
    """The body of a request, with a code that was just sent."""
    sent = ask_code(person.phone, "unlock")
    assert sent.status == 202, sent.text
    body = {
        "phone": person.phone,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(person.phone),
    }
    return body | ({} if email is None else {"email": email}) | more


def ask(body: dict[str, Any]) -> Answer:
    return call("POST", REQUESTS, body)


def asked(person: Person, email: str | None = EMAIL, **more: object) -> str:
    """The id of a request."""
    answer = ask(wish(person, email, **more))
    assert answer.status == 202, answer.text
    return str(answer.json["request_id"])


def prove_mail(request_id: str, code: str | None = None) -> Answer:
    given = code or six_digits_in(mails_sent_to(EMAIL)[-1])
    return call("POST", f"{REQUESTS}/{request_id}/email", {"code": given})


def hear(agent: Agent, request_id: str, **facts: str) -> Answer:
    return agent.call("PUT", f"{FOR_AGENTS}/{request_id}/facts", {"facts": facts})


def look(agent: Agent, request_id: str) -> Answer:
    return agent.call("GET", f"{FOR_AGENTS}/{request_id}")


def propose(agent: Agent, request_id: str, **more: object) -> Answer:
    return agent.call("POST", f"{FOR_AGENTS}/{request_id}/proposal", more)


def refuse(agent: Agent, request_id: str) -> Answer:
    body = {"reason": "The answers were wrong."}
    return agent.call("POST", f"{FOR_AGENTS}/{request_id}/refusal", body)


def made_sure(agent: Agent, request_id: str) -> None:
    """All that can be asked is confirmed."""
    questions = look(agent, request_id).json["questions"]
    heard = hear(agent, request_id, **{one["fact"]: "confirmed" for one in questions})
    assert heard.status == 200, heard.text


def proposed(agent: Agent, request_id: str, **more: object) -> str:
    """The id of the approval."""
    made_sure(agent, request_id)
    answer = propose(agent, request_id, **more)
    assert answer.status == 201, answer.text
    return str(answer.json["approval_id"])


def amy() -> Agent:
    return at_work("amy@bank.example", "agent")


def zoe() -> Agent:
    return at_work("zoe@bank.example", "agent")
