"""Who is paid: adds merchants, agrees on their terms, makes and revokes keys. For operators.

A secret is shown once. Give it to the merchant in person: whoever has it is the merchant.
"""

import argparse
import sys

from infra.operator_command import operator_parser, run
from infra.template import Json


def main() -> int:
    return run(_parser(), "AdministerMerchants", _wish)


def _parser() -> argparse.ArgumentParser:
    parser = operator_parser("infra.merchants", __doc__)
    verbs = parser.add_subparsers(dest="do", required=True)
    one = argparse.ArgumentParser(add_help=False)
    one.add_argument("--merchant", dest="merchant_id", required=True)
    terms = argparse.ArgumentParser(add_help=False)
    terms.add_argument("--fee", dest="fee_basis_points", type=int, help="basis points of a payment")
    terms.add_argument("--notify-url", help="where events go, unless an order says otherwise")
    terms.add_argument("--card", nargs=3, metavar=("TOKEN", "BANK", "LAST4"), help="for settlement")
    add = verbs.add_parser("add", parents=[terms], help="make a merchant with its first key")
    add.add_argument("--name", required=True, help="as payers see it")
    change = verbs.add_parser("change", parents=[one, terms], help="agree on other terms")
    change.add_argument("--name", help="as payers see it")
    verbs.add_parser("make_key", parents=[one], help="one more key: the first stays good")
    revoke = verbs.add_parser("revoke_key", parents=[one], help="end a key at once")
    revoke.add_argument("--key", dest="key_id", required=True)
    verbs.add_parser("disable", parents=[one], help="end all that a merchant may do, at once")
    verbs.add_parser("enable", parents=[one], help="let a disabled merchant go on")
    verbs.add_parser("qr", parents=[one], help="the code that a merchant prints, also as SVG")
    verbs.add_parser("list", help="show all, with what they have")
    return parser


def _wish(asked: argparse.Namespace) -> Json:
    names = ("do", "merchant_id", "key_id", "name", "fee_basis_points", "notify_url")
    wish = {name: getattr(asked, name, None) for name in names}
    if card := getattr(asked, "card", None):
        wish["settlement_card"] = dict(zip(("card_token", "bank", "last4"), card, strict=True))
    return {name: value for name, value in wish.items() if value is not None}


if __name__ == "__main__":
    sys.exit(main())
