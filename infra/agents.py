"""Who works for us: invites agents, gives them roles, disables them. For operators.

An invitation is shown once. Give it to the agent in person: whoever has it sets the password.
"""

import argparse
import json
import sys

from infra.deploy import Place, outputs
from infra.local_cloud import ACCESS_KEY
from infra.stack import directory_of, find
from infra.staff import Refused, administer
from infra.template import Json

ROLES = ("agent", "supervisor", "finance")


def main() -> int:
    asked = _parser().parse_args()
    try:
        place = place_of(asked)
        function = outputs(place, stage=asked.stage)["AdministerAgents"]
        done = administer(place, function, _wish(asked))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(json.dumps(done, indent=2, ensure_ascii=False) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.agents", description=__doc__)
    parser.add_argument("--stage", choices=["local", "test", "prod"], default="local")
    parser.add_argument("--region", help="of a stage on AWS; default: what the environment says")
    parser.add_argument("--port", type=int, help="of a local stack that was given one")
    verbs = parser.add_subparsers(dest="do", required=True)
    one = argparse.ArgumentParser(add_help=False)
    one.add_argument("--email", required=True)
    some = argparse.ArgumentParser(add_help=False)
    some.add_argument("--role", dest="roles", action="append", choices=ROLES, required=True)
    verbs.add_parser("add", parents=[one, some], help="invite somebody new")
    verbs.add_parser("invite", parents=[one], help="invite anew: lost password or authenticator")
    verbs.add_parser("change_roles", parents=[one, some], help="give other roles")
    link = verbs.add_parser("link_user", parents=[one], help="say which user an agent is")
    link.add_argument("--user", dest="user_id", default="", help="none: they are no user")
    verbs.add_parser("disable", parents=[one], help="end all that an agent may do, at once")
    verbs.add_parser("list", help="show all")
    return parser


def place_of(asked: argparse.Namespace) -> Place:
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


def _wish(asked: argparse.Namespace) -> Json:
    names = ("do", "email", "roles", "user_id")
    return {name: getattr(asked, name) for name in names if hasattr(asked, name)}


if __name__ == "__main__":
    sys.exit(main())
