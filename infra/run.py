"""Runs a whole wallet on this machine until Ctrl-C: the local cloud, the bank, demo data."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

from rich.console import Console

from infra.attached import ChildFailed
from infra.deploy import DeployFailed
from infra.phone_app import PhoneApp, Unexpected
from infra.seed import seed
from infra.stack import (
    MAIL_DOMAIN,
    STACK_FILE,
    AlreadyRunning,
    PortTaken,
    Stack,
    directory_of,
    running,
)
from infra.staff import NotInvited

WATCH_SECONDS = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.run", description=__doc__)
    parser.add_argument("--port", type=int, help="of the API; a stack of its own for each port")
    parser.add_argument("--mail-domain", default=MAIL_DOMAIN, help="whose mail comes to support")
    asked = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    console = Console(highlight=False)
    try:
        with suppress(KeyboardInterrupt):
            return _run(console, asked.port, asked.mail_domain)
    except (AlreadyRunning, PortTaken, ChildFailed, DeployFailed, NotInvited, Unexpected) as error:
        console.print(f"[red]{type(error).__name__}:[/red] {error}")
        return 1
    console.print("Stopped. The next start finds everything as it is now.")
    return 0


def _run(console: Console, port: int | None, mail_domain: str) -> int:
    directory = directory_of(port)
    begun = time.monotonic()
    console.print("Starting the local cloud, the sandbox bank and the wallet ...")
    with running(directory, port=port, inhabited=True, mail_domain=mail_domain) as stack:
        people = seed(stack)
        seconds = time.monotonic() - begun
        for label, value in _facts(stack, people):
            console.print(f"  [bold]{label:20}[/bold]{value}", soft_wrap=True)
        console.print(f"Ready after {seconds:.1f} s; {directory / STACK_FILE} says the same.")
        console.print("[bold]Ctrl-C[/bold] ends it.")
        while stack.runs():
            time.sleep(WATCH_SECONDS)
    console.print(f"[red]A part of the stack ended by itself;[/red] see {directory}/*.log")
    return 1


def _facts(stack: Stack, people: list[PhoneApp]) -> Iterator[tuple[str, str]]:
    """What somebody at the terminal wants to know: label and value."""
    addresses = stack.addresses
    yield "API", addresses.api_url
    yield "API contract", f"{addresses.api_url}/openapi.json"
    yield "Live chat", addresses.chat_url
    yield "Text messages sent", addresses.sms_url
    yield "Mails sent", addresses.mail_url
    yield "Mails, whole", addresses.outbox
    yield "Mail to support", f"{addresses.support_address}, by SMTP at {addresses.inbound_mail}"
    yield "Sandbox bank", addresses.sandbox_url
    yield "AWS endpoint", f"{addresses.aws_endpoint_url} ({addresses.aws_region})"
    for person in people:
        secrets = f"password: {person.password}, pay password: {person.pay_password}"
        yield "Demo person", f"{person.phone}, {secrets}"
    for merchant in stack.merchants:
        yield "Merchant", f"{merchant.name}: {merchant.merchant_id}, secret: {merchant.secret}"
    for agent in stack.agents:
        secrets = f"password: {agent.password}, authenticator: {agent.totp_secret}"
        yield f"Agent ({agent.role})", f"{agent.email}, {secrets}"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Ends the stack at the first signal; no second one may keep it from saving its state."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
