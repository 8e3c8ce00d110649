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

from infra.demo.main_job import (
    be_refused,
    check_balances,
    pay,
    put_money_in,
    show_statements,
    sign_up,
)
from infra.demo.money_out import money_out_and_in
from infra.demo.safe_account import safe_account
from infra.demo.support import ask_support, at_work
from infra.demo.telling import console
from infra.phone_app import PhoneApp, Unexpected
from infra.stack import Addresses, agents_of, directory_of, find, running
from infra.staff import LocalAgent


def demonstrate(addresses: Addresses, agents: Sequence[LocalAgent]) -> None:
    """Goes through all chapters. Raises Unexpected at the first thing that is not as it must be."""
    ana, bo = PhoneApp(addresses), PhoneApp(addresses)
    sign_up(ana, bo)
    put_money_in(ana)
    pay(ana, bo)
    be_refused(ana, bo)
    show_statements(ana, bo)
    check_balances(ana, bo)
    money_out_and_in(bo)
    ask_support(ana, bo, at_work(addresses, agents))
    safe_account(ana, bo, PhoneApp(addresses))


@contextmanager
def some_stack(port: int | None) -> Iterator[tuple[Addresses, Sequence[LocalAgent]]]:
    """The stack that runs here, or one of our own for as long as the block lasts."""
    found = find(directory_of(port))
    if found:
        console.print(f"The wallet at {found.api_url}")
        yield found, agents_of(directory_of(port))
        return
    console.print("No stack runs here; starting one ...")
    with (
        tempfile.TemporaryDirectory(prefix="u-wallet-demo-") as directory,
        running(Path(directory), keep=False, inhabited=True) as stack,
    ):
        console.print(f"The wallet at {stack.addresses.api_url}")
        yield stack.addresses, stack.agents


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--port", type=int, help="of the stack, when it was given one")
    with some_stack(parser.parse_args().port) as (addresses, agents):
        try:
            demonstrate(addresses, agents)
        except Unexpected as error:
            console.print(f"  [red]✗ {error}[/red]")
            return 1
    console.print("\n[green]All is as it must be.[/green]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
