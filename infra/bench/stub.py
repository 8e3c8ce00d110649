"""A DynamoDB that answers at once from the items it was given, and counts what it is asked.

It runs in a process of its own, so that its work is not in the measurement. Writes are accepted
and not applied: the same request can be made a thousand times. A partition is kept sorted and
searched by bisection, as the B-tree of DynamoDB is.

Beside what AWS clients ask for it knows `PUT /held` (all that it shall hold), `GET /calls` (what it
was asked since the last time) and `GET /writes` (what it was to write in that time).
"""

import asyncio
import re
import subprocess
import sys
import zlib
from asyncio import StreamReader, StreamWriter
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from typing import Any

import msgspec

Item = dict[str, Any]
Tables = dict[str, list[Item]]

# As DynamoDB answers: to check its sum costs a client something too.
_HEAD = (
    "HTTP/1.1 {status}\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "Content-Length: {length}\r\nConnection: keep-alive\r\nx-amz-crc32: {checksum}\r\n"
    "x-amzn-RequestId: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n"
)
_KEY_CONDITION = re.compile(r"\(?#\d = (:\d) AND #\d BETWEEN (:\d) AND (:\d)\)?")


class Secrets(msgspec.Struct, kw_only=True):
    """The one secret of Secrets Manager, and data keys of KMS: what is sealed, and what it opens
    to, both in base64.
    """

    keys: str
    data_keys: dict[str, str] = {}


class Calls(msgspec.Struct, kw_only=True):
    """What was asked: calls by operation, bytes of bodies, items that queries gave."""

    operations: dict[str, int] = {}
    bytes_in: int = 0
    bytes_out: int = 0
    items_queried: int = 0

    @property
    def total(self) -> int:
        """Round trips to DynamoDB, and to whatever else was called."""
        return sum(self.operations.values())


class Stub:
    """The stub at `url`, as who measures with it sees it."""

    def __init__(self, url: str) -> None:
        self._address = url.removeprefix("http://")

    def hold(self, tables: Tables, secrets: "Secrets") -> None:
        """Makes these items, by table, and these secrets all that there is."""
        self._exchange("PUT", "/held", msgspec.json.encode((tables, secrets)))

    def calls(self) -> Calls:
        """What was asked since the last time."""
        return msgspec.json.decode(self._exchange("GET", "/calls"), type=Calls)

    def writes(self) -> list[Any]:
        """The bodies of all `TransactWriteItems` since the last time that `calls` was asked."""
        writes: list[Any] = msgspec.json.decode(self._exchange("GET", "/writes"))
        return writes

    def _exchange(self, method: str, path: str, body: bytes = b"") -> bytes:
        with closing(HTTPConnection(self._address)) as connection:
            connection.request(method, path, body)
            return connection.getresponse().read()


@contextmanager
def running_stub() -> Iterator[str]:
    """Starts a stub, gives its URL, and ends it, which its input does by closing."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip() if process.stdout else ""


class _Store:
    """What the stub holds, and what it was asked."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str], Item] = {}
        self._sorted: dict[tuple[str, str], list[str]] = {}
        self._secrets = Secrets(keys="")
        self._writes: list[bytes] = []
        self._calls = Calls()

    def answer(self, path: str, target: str, body: bytes) -> bytes:
        if path == "/held":
            self._hold(*msgspec.json.decode(body, type=tuple[Tables, Secrets]))
            return b""
        if path == "/calls":
            calls, self._calls, self._writes = self._calls, Calls(), []
            return msgspec.json.encode(calls)
        if path == "/writes":
            return msgspec.json.encode([msgspec.Raw(write) for write in self._writes])
        operation = target.rpartition(".")[2]
        answer = msgspec.json.encode(self._operation(operation, msgspec.json.decode(body)))
        operations = self._calls.operations
        operations[operation] = operations.get(operation, 0) + 1
        self._calls.bytes_in += len(body)
        if operation == "TransactWriteItems":
            self._writes.append(body)
        self._calls.bytes_out += len(answer)
        return answer

    def _hold(self, tables: Tables, secrets: Secrets) -> None:
        self._secrets = secrets
        self._items = {
            (table, item["pk"]["S"], item["sk"]["S"]): item
            for table, items in tables.items()
            for item in items
        }
        self._sorted = {}
        for table, pk, sk in sorted(self._items):
            self._sorted.setdefault((table, pk), []).append(sk)

    def _operation(self, operation: str, asked: Any) -> Any:
        match operation:
            case "BatchGetItem":
                return {"Responses": self._found(asked["RequestItems"])}
            case "Query":
                return self._query(asked)
            case "TransactWriteItems":
                return {}
            case "GetSecretValue":
                return {"Name": asked["SecretId"], "SecretString": self._secrets.keys}
            case "Decrypt":
                opened = self._secrets.data_keys[asked["CiphertextBlob"]]
                return {"KeyId": asked["KeyId"], "Plaintext": opened}
        raise NotImplementedError(operation)

    def _found(self, wanted: Any) -> Tables:
        found: Tables = {table: [] for table in wanted}
        for table, of in wanted.items():
            for key in of["Keys"]:
                item = self._items.get((table, key["pk"]["S"], key["sk"]["S"]))
                found[table] += [item] if item else []
        return found

    def _query(self, asked: Any) -> Any:
        """The only query that a request makes: of a range of one partition, from its end."""
        condition = _KEY_CONDITION.fullmatch(asked["KeyConditionExpression"])
        if not condition or asked["ScanIndexForward"] or "FilterExpression" in asked:
            raise NotImplementedError(asked)
        values = asked["ExpressionAttributeValues"]
        pk, low, high = (values[name]["S"] for name in condition.groups())
        keys = self._sorted.get((asked["TableName"], pk), [])
        first, end = bisect_left(keys, low), bisect_right(keys, high)
        if "ExclusiveStartKey" in asked:
            end = min(end, bisect_left(keys, asked["ExclusiveStartKey"]["sk"]["S"]))
        page = keys[max(first, end - asked["Limit"]) : end][::-1]
        items = [self._items[asked["TableName"], pk, sk] for sk in page]
        self._calls.items_queried += len(items)
        answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if len(items) == asked["Limit"]:
            answer["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": {"S": page[-1]}}
        return answer


async def _serve(store: _Store, reader: StreamReader, writer: StreamWriter) -> None:
    """Answers on one kept connection, until the client closes it."""
    with suppress(asyncio.IncompleteReadError), closing(writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.splitlines()
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status = "200 OK"
            try:
                answer = store.answer(request.split()[1], headers.get("x-amz-target", ""), body)
            except NotImplementedError as error:
                status = "400 Bad Request"
                answer = msgspec.json.encode({"__type": "NotImplemented", "message": str(error)})
            checksum = zlib.crc32(answer)
            head = _HEAD.format(status=status, length=len(answer), checksum=checksum)
            writer.write(head.encode() + answer)


async def _main() -> None:
    server = await asyncio.start_server(partial(_serve, _Store()), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)  # noqa: T201  # how its parent learns of it
    ended = asyncio.Event()
    # Its input stays open for as long as whoever started it lives.
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_main())
