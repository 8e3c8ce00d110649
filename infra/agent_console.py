"""What an agent works with, as far as a demo and end-to-end tests need it."""

import time

import pyotp

from infra.phone_app import Client
from infra.stack import Addresses
from infra.staff import LocalAgent


class AgentConsole(Client):
    """The console of one agent."""

    def __init__(self, addresses: Addresses, agent: LocalAgent, *, language: str = "en") -> None:
        super().__init__(addresses, language=language)
        self.agent = agent

    def code(self) -> str:
        """What the authenticator shows; each is good once."""
        return pyotp.TOTP(self.agent.totp_secret).at(int(time.time()))

    def sign_in(self) -> None:
        """Once in half a minute: a second sign-in must wait for the next code."""
        body = {"email": self.agent.email, "password": self.agent.password, "totp": self.code()}
        self.tokens = self.must(201, "POST", "/v1/agent/sessions", body)["tokens"]
