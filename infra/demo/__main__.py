"""Shows the wallet at work: people, real requests, each step and its result as it happens.

`make demo` uses the stack that runs here, or starts one and stops it again. It ends with 1
when a balance is not what it must be.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from infra.demo.live_chat import chat_with_agent
from infra.demo.mail import write_a_mail
from infra.demo.main_job import (
    be_refused,
    check_balances,
    pay,
    put_money_in,
    show_statements,
    sign_up,
)
from infra.demo.money_out import money_out_and_in
from infra.demo.paying import paying
from infra.demo.safe_account import safe_account
from infra.demo.support import ask_support, at_work
from infra.demo.telling import console
from infra.demo.unlocking import be_let_in
from infra.phone_app import PhoneApp, Unexpected
from infra.shops import LocalMerchant
from infra.stack import Addresses, agents_of, directory_of, find, merchants_of, running
from infra.staff import LocalAgent


class Stage(NamedTuple):
    """Where the demo plays, who is paid in it and who works there."""

    addresses: Addresses
    merchants: Sequence[LocalMerchant]
    agents: Sequence[LocalAgent]


def demonstrate(stage: Stage) -> None:
    """Goes through all chapters. Raises Unexpected at the first thing that is not as it must be."""
    ana, bo, cy = (PhoneApp(stage.addresses) for _ in range(3))
    sign_up(ana, bo)
    put_money_in(ana)
    pay(ana, bo)
    be_refused(ana, bo)
    show_statements(ana, bo)
    check_balances(ana, bo)
    money_out_and_in(bo)
    paying(ana, bo, stage.merchants[0])
    supporting(stage, ana, bo)
    safe_account(ana, bo, cy)


def supporting(stage: Stage, ana: PhoneApp, bo: PhoneApp) -> None:
    """A ticket of what failed, a chat, a mail, and a lost account."""
    amy = at_work(stage.addresses, stage.agents)
    ask_support(ana, bo, amy)
    chat_with_agent(bo, amy, name="Bo")
    email = write_a_mail(bo, amy)
    be_let_in(bo, amy, at_work(stage.addresses, stage.agents, second=True), email=email)


@contextmanager
def some_stack(port: int | None) -> Iterator[Stage]:
    """The stack that runs here, or one of our own for as long as the block lasts."""
    place = directory_of(port)
    found = find(place)
    if found:
        console.print(f"The wallet at {found.api_url}")
        yield Stage(found, merchants_of(place), agents_of(place))
        return
    console.print("No stack runs here; starting one ...")
    with (
        tempfile.TemporaryDirectory(prefix="u-wallet-demo-") as directory,
        running(Path(directory), keep=False, inhabited=True) as stack,
    ):
        console.print(f"The wallet at {stack.addresses.api_url}")
        yield Stage(stack.addresses, stack.merchants, stack.agents)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--port", type=int, help="of the stack, when it was given one")
    with some_stack(parser.parse_args().port) as stage:
        try:
            demonstrate(stage)
        except Unexpected as error:
            console.print(f"  [red]✗ {error}[/red]")
            return 1
    console.print("\n[green]All is as it must be.[/green]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
