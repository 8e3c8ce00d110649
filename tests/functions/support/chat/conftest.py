"""People who chat, in an empty world: users, an agent, and the gateway between them."""

from collections.abc import Iterator

import pytest

from tests.agents import Agent, at_work
from tests.chatting import Device, Gateway, gateway_of_tests
from tests.functions.bank_cards import unused_phone
from tests.people import Person, register


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with gateway_of_tests() as known:
        yield known


@pytest.fixture
def user() -> Person:
    return register(unused_phone(), pay_password=False)


@pytest.fixture
def agent() -> Agent:
    return at_work("amy@u-wallet.example", "agent")


@pytest.fixture
def phone(gateway: Gateway, user: Person) -> Device:
    return Device(gateway).signed_in(user.token)


@pytest.fixture
def desk(gateway: Gateway, agent: Agent) -> Device:
    return Device(gateway).signed_in(agent.token)
