"""What the commands of operators have in common: they invoke one function of a stage."""

import argparse
import json
import sys
from collections.abc import Callable

from infra.deploy import Place, outputs
from infra.local_cloud import ACCESS_KEY
from infra.stack import directory_of, find
from infra.staff import Refused, administer
from infra.template import Json


def operator_parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """Understands which stack is meant; the verbs are the command's own."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--stage", choices=["local", "test", "prod"], default="local")
    parser.add_argument("--region", help="of a stage on AWS; default: what the environment says")
    parser.add_argument("--port", type=int, help="of a local stack that was given one")
    return parser


def run(
    parser: argparse.ArgumentParser, output: str, wish: Callable[[argparse.Namespace], Json]
) -> int:
    """Has the function that `output` of the template names do what was asked; the exit status."""
    asked = parser.parse_args()
    try:
        place = _place_of(asked)
        done = administer(place, outputs(place, stage=asked.stage)[output], wish(asked))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(json.dumps(done, indent=2, ensure_ascii=False) + "\n")
    return 0


def _place_of(asked: argparse.Namespace) -> Place:
    """Where the stage is that a command names. Raises Refused."""
    if asked.stage != "local":
        return Place(region=asked.region)
    running = find(directory_of(asked.port))
    if running is None:
        raise Refused("no stack runs here: start one with make run, or name a --stage")
    return Place(
        region=running.aws_region,
        endpoint_url=running.aws_endpoint_url,
        access_key=ACCESS_KEY,
    )
