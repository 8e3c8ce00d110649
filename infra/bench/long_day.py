"""S3 and DynamoDB with one long day in them, in a process of their own that answers at once.

`GET` of any object is the bank's file, `Query` a page of the books of a shard, `BatchGetItem` the
transfers that are asked for; what is put is accepted and forgotten.
"""

import json
import sys
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from typing import Any

from functions.reconciliation.bank_line import KINDS
from shared.ledger.accounts import BANK_SETTLEMENT
from shared.table import due_shard

DAY = "2026-11-22"
# DynamoDB gives 1 MB of stored items at once, and a transfer has some 600 bytes.
ITEMS_PER_PAGE = 1_700
# One line in so many is only at the bank, and as many transfers only in the books.
ONE_SIDED = 5_000
USER = "u_" + "a" * 26
AMOUNT = 1_250

Item = dict[str, Any]


class LongDay:
    """lines: in the bank's file, and transfers in the books."""

    def __init__(self, lines: int) -> None:
        file = ["bank_id,reference,kind,amount,currency,time"]
        shards: defaultdict[str, list[Item]] = defaultdict(list)
        self._lonely: dict[str, Item] = {}
        orders = count()
        while len(file) <= lines:
            number = next(orders)
            kind, prefix = ("payout", "w") if number % 2 else ("charge", "tu")
            reference = f"{prefix}_{number:026d}"
            item = _transfer(kind, reference)
            if number % ONE_SIDED != 1:
                file.append(f"bk_{number:026d},{reference},{kind},{AMOUNT},CNY,{DAY}T04:00:00Z")
            else:
                self._lonely[item["pk"]["S"]] = item
            if number % ONE_SIDED:
                shards[item["due_shard"]["S"]].append(_projected(item))
        file.append(f"total,{DAY},{lines},{lines * AMOUNT}\n")
        self.file = "\n".join(file).encode()
        self._pages = {shard: list(_pages(items)) for shard, items in shards.items()}

    def answer(self, operation: str, asked: Item) -> Item:
        if operation == "BatchGetItem":
            [(table, wanted)] = asked["RequestItems"].items()
            found = (self._lonely.get(key["pk"]["S"]) for key in wanted["Keys"])
            return {"Responses": {table: [item for item in found if item]}}
        shard = asked["ExpressionAttributeValues"][":shard"]["S"]
        pages = self._pages.get(shard, [[]])
        number = int(asked.get("ExclusiveStartKey", {}).get("number", {}).get("N", 0))
        last = {"number": {"N": str(number + 1)}}
        more = {"LastEvaluatedKey": last} if number + 1 < len(pages) else {}
        return {"Items": pages[number], **more}


def _transfer(kind: str, reference: str) -> Item:
    """What is stored of a transfer that has moved, as far as the comparison can see it."""
    of = KINDS[kind]
    transfer_id = of.transfer_id(reference)
    debit, credit = (BANK_SETTLEMENT, USER) if of.sign > 0 else (USER, BANK_SETTLEMENT)
    texts = {
        "pk": f"TRANSFER#{transfer_id}",
        "sk": "TRANSFER",
        "transfer_id": transfer_id,
        "kind": of.booked_as,
        "status": "posted",
        "debit": debit,
        "credit": credit,
        "currency": "CNY",
        "created_at": f"{DAY}T04:00:00.000Z",
        "reference": reference,
        "due_shard": due_shard(f"bank#{DAY}", transfer_id),
    }
    return {name: {"S": text} for name, text in texts.items()} | {"amount": {"N": str(AMOUNT)}}


def _projected(item: Item) -> Item:
    return {name: item[name] for name in ("transfer_id", "kind", "debit", "amount")}


def _pages(items: list[Item]) -> Any:
    waiting = iter(items)
    while page := list(islice(waiting, ITEMS_PER_PAGE)):
        yield page


def main() -> None:
    day = LongDay(int(sys.argv[1]))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(day.file)

        def do_PUT(self) -> None:
            self._body()
            self._send(b"")

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            self._send(json.dumps(day.answer(operation, json.loads(self._body()))).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing is written for a request."""

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201  # for its parent
    server.serve_forever()


if __name__ == "__main__":
    main()
