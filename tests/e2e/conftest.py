"""A stack of the tests' own: the packaged zip, deployed to a local cloud, on free ports."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.agent_console import AgentConsole
from infra.phone_app import PhoneApp
from infra.stack import Addresses, Stack, running
from infra.staff import accept, administer
from tests.functions.scheduled import TICK

CARD = "6222021234500010008"
_WAIT_SECONDS = 300


@pytest.fixture(scope="session")
def stack_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(stack_directory: Path) -> Iterator[Stack]:
    with running(stack_directory, keep=False, enforce_rights=True, inhabited=True) as started:
        yield started


@pytest.fixture(scope="session")
def addresses(stack: Stack) -> Addresses:
    return stack.addresses


def eventually(asked: Callable[[], Any], wanted: Any) -> None:
    """Waits until the answer is the one that is wanted."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while (came := asked()) != wanted:
        assert time.monotonic() < deadline, f"{came} is not {wanted}"
        time.sleep(0.1)


def run_schedule(stack: Stack, name: str, resource: str) -> None:
    """Does at once what a schedule does each minute. resource: what the template calls it."""
    functions = stack.place.client("lambda")
    (found,) = (
        one["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for one in page["Functions"]
        if one["Handler"].endswith(name) or resource in one["FunctionName"]
    )
    answer = functions.invoke(FunctionName=found, Payload=json.dumps(TICK).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def somebody(addresses: Addresses, *, funds: int = 0) -> PhoneApp:
    """A person with a pay password and, when there are funds, a card that they came from."""
    app = PhoneApp(addresses)
    app.register()
    app.set_pay_password()
    if funds:
        card = app.bind_card(CARD)
        answer = app.top_up(card["card_id"], funds)
        assert answer.status == 201, answer.json
    return app


def new_agent(stack: Stack, *roles: str) -> AgentConsole:
    """One who is signed in; without roles an agent of support. Those whom the stack names can do so
    once in half a minute only, since each code of an authenticator is good once.
    """
    roles = roles or ("agent",)
    email = f"{secrets.token_hex(4)}@u-wallet.example"
    wish = {"do": "add", "email": email, "roles": roles}
    invitation = administer(stack.place, stack.outputs["AdministerAgents"], wish)
    agent = accept(invitation, email=email, role=roles[0], api_url=stack.addresses.api_url)
    console = AgentConsole(stack.addresses, agent)
    console.sign_in()
    return console


@pytest.fixture(scope="module")
def amy(stack: Stack) -> AgentConsole:
    """An agent of support."""
    return new_agent(stack)


@pytest.fixture(scope="session")
def ana(addresses: Addresses) -> PhoneApp:
    """Somebody with money, shared by tests that move none of it for good."""
    return somebody(addresses, funds=100_000)


@pytest.fixture(scope="session")
def bo(addresses: Addresses) -> PhoneApp:
    return somebody(addresses)
