"""Runs the sandbox bank and the sandbox platforms until they are told to stop.

Their books survive in the state directory.
"""

import argparse
import asyncio
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox.bindings import Bindings
from infra.sandbox.books import Books
from infra.sandbox.courier import Courier
from infra.sandbox.database import opened
from infra.sandbox.faults import CallFault, NotificationFault, Planned
from infra.sandbox.operator_routes import OperatorRoutes
from infra.sandbox.orders import Orders
from infra.sandbox.outbox import Outbox
from infra.sandbox.platforms.platforms import platform_routes
from infra.sandbox.settlement import Settlement
from infra.sandbox.signed_routes import SignedRoutes
from infra.sandbox.silence import AbortableProtocol
from infra.sandbox.social import SocialNetworks
from infra.sandbox.text_message import NoTextMessages, SnsTextMessages


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("infra.sandbox").setLevel(logging.INFO)
    config = uvicorn.Config(
        _application(options),
        http=AbortableProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        # A forwarded address must not pass for this machine's.
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    with socket.create_server((options.host, options.port)) as listener:
        # Head and body of an answer are two writes: the second must not wait for the first's ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listener.getsockname()
        # To the standard output, so that whoever asked for port 0 can read where the bank is.
        sys.stdout.write(json.dumps({"event": "listening", "url": f"http://{host}:{port}"}) + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _application(options: argparse.Namespace) -> Starlette:
    database = opened(options.state)
    books, outbox = Books(database), Outbox(database)
    settlement = Settlement(database, options.state)
    bindings = Bindings(
        books=books,
        messages=SnsTextMessages(endpoint_url=options.sms_endpoint, region=options.region)
        if options.sms_endpoint
        else NoTextMessages(),
        key=options.key,
        code_seconds=options.code_seconds,
    )
    call_faults, notification_faults = Planned[CallFault](), Planned[NotificationFault]()
    orders = Orders(database=database, books=books, outbox=outbox, faults=notification_faults)
    courier = Courier(orders=orders, outbox=outbox, key=options.key)
    signed = SignedRoutes(
        bindings=bindings,
        books=books,
        orders=orders,
        settlement=settlement,
        courier=courier,
        client_id=options.client_id,
        key=options.key,
        faults=call_faults,
        hold_seconds=options.hold_seconds,
        request_lifetime_seconds=options.request_lifetime_seconds,
    )
    operator = OperatorRoutes(
        bindings=bindings,
        books=books,
        outbox=outbox,
        settlement=settlement,
        call_faults=call_faults,
        notification_faults=notification_faults,
        shows_codes=not options.sms_endpoint,
    )

    @asynccontextmanager
    async def at_work(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(courier.run())
            yield
            running.cancel()

    return Starlette(
        routes=[
            Route("/health", _health),
            *signed.routes(),
            *operator.routes(),
            *platform_routes(options.state, hold_seconds=options.hold_seconds),
            *SocialNetworks().routes(),
        ],
        lifespan=at_work,
    )


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and prints it")
    parser.add_argument("--state", type=Path, required=True, help="directory of the books")
    parser.add_argument("--client-id", required=True, help="the one client of the bank")
    parser.add_argument("--key", type=bytes.fromhex, required=True, help="hexadecimal, 32 bytes")
    parser.add_argument("--sms-endpoint", help="SNS; without it codes are at /_sandbox/codes/ID")
    parser.add_argument("--region", default="ap-southeast-1", help="of SNS")
    parser.add_argument("--hold-seconds", type=float, default=10, help="length of a silence")
    parser.add_argument("--code-seconds", type=int, default=300, help="how long a code is valid")
    parser.add_argument(
        "--request-lifetime-seconds", type=int, default=300, help="older requests are refused"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
