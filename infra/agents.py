"""Who works for us: invites agents, gives them roles, disables them. For operators.

An invitation is shown once. Give it to the agent in person: whoever has it sets the password.
"""

import argparse
import sys

from infra.operator_command import operator_parser, run
from infra.template import Json

ROLES = ("agent", "supervisor", "finance")


def main() -> int:
    return run(_parser(), "AdministerAgents", _wish)


def _parser() -> argparse.ArgumentParser:
    parser = operator_parser("infra.agents", __doc__)
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


def _wish(asked: argparse.Namespace) -> Json:
    names = ("do", "email", "roles", "user_id")
    return {name: getattr(asked, name) for name in names if hasattr(asked, name)}


if __name__ == "__main__":
    sys.exit(main())
