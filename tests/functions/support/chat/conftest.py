"""People who chat, in an empty world: users, an agent, and the gateway between them."""

from collections.abc import Callable, Iterator

import pytest

from shared.settings import settings
from tests.agents import Agent, at_work
from tests.chatting import Device, Gateway, gateway_of_tests
from tests.functions.bank_cards import unused_phone
from tests.people import Person, register


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Sets a setting, by the name of its variable, until the test ends."""

    def configure(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield configure
    monkeypatch.undo()
    settings.cache_clear()


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
