"""The wire on real sockets, against a server that answers what it is told."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import botocore.auth
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared import wire
from shared.wire import Answer, Wire, signed_headers

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Amzn-RequestId: ABC\r\n\r\n{}"
UNDERSTOOD = Answer(200, {"content-length": "2", "x-amzn-requestid": "ABC"}, b"{}")


@pytest.mark.parametrize("token", ["a session token", None])
def test_the_signature_is_that_of_botocore(
    token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = Credentials("AKIDEXAMPLE", "not-a-secret-key", token)
    body = '{"TableName":"钱包"}'.encode()
    ours = signed_headers(
        credentials.get_frozen_credentials(),
        host="dynamodb.ap-southeast-1.amazonaws.com",
        region="ap-southeast-1",
        target="DynamoDB_20120810.GetItem",
        body=body,
    )
    moment = datetime.strptime(f"{ours['x-amz-date']}+0000", "%Y%m%dT%H%M%SZ%z")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    theirs = AWSRequest(
        method="POST",
        url="https://dynamodb.ap-southeast-1.amazonaws.com/",
        data=body,
        headers={name: ours[name] for name in ("content-type", "x-amz-target")},
    )
    botocore.auth.SigV4Auth(credentials, "dynamodb", "ap-southeast-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_a_connection_is_kept() -> None:
    with served([GOOD, GOOD]) as (port, _):
        sender = Wire(f"http://127.0.0.1:{port}/")
        assert [ask(sender), ask(sender)] == [UNDERSTOOD, UNDERSTOOD]


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    with served([GOOD], [GOOD]) as (port, closed):
        sender = Wire(f"http://127.0.0.1:{port}/")
        ask(sender)
        closed.get(timeout=5)
        assert ask(sender) == UNDERSTOOD


@pytest.mark.parametrize(
    "last", [GOOD.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), GOOD.replace(b"1.1", b"1.0")]
)
def test_a_connection_that_the_server_will_close_is_not_kept(last: bytes) -> None:
    with served([last, b""], [GOOD]) as (port, _):
        sender = Wire(f"http://127.0.0.1:{port}/")
        assert ask(sender).content == b"{}"
        assert ask(sender) == UNDERSTOOD


def test_an_answer_in_chunks_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served([head + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", GOOD]) as (port, _):
        sender = Wire(f"http://127.0.0.1:{port}/")
        assert ask(sender).content == b"{}"
        assert ask(sender) == UNDERSTOOD


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_less_than_a_whole_answer_is_none(answer: bytes) -> None:
    with served([answer]) as (port, _), pytest.raises(ConnectionClosedError):
        ask(Wire(f"http://127.0.0.1:{port}/"))


def test_waiting_for_an_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ_TIMEOUT_SECONDS", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ReadTimeoutError),
    ):
        ask(Wire(f"http://127.0.0.1:{silent.getsockname()[1]}/"))


def test_nobody_there_is_told_apart_from_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(EndpointConnectionError):
        ask(Wire(f"http://127.0.0.1:{port}/"))


def test_a_server_must_prove_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with served([], [GOOD], tls=tls) as (port, _):
        url = f"https://127.0.0.1:{port}/"
        with pytest.raises(SSLError):
            ask(Wire(url))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        assert ask(Wire(url)) == UNDERSTOOD


def ask(sender: Wire) -> Answer:
    request = AWSPreparedRequest("POST", "http://ignored/", {}, b'{"a":1}', stream_output=False)
    return sender.send(request)


@contextmanager
def served(
    *connections: list[bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, "SimpleQueue[None]"]]:
    """One connection after the other, each with its answers in turn; then it is closed.

    Gives the port, and a queue that tells of each connection that was closed.
    """
    closed: SimpleQueue[None] = SimpleQueue()

    def serve() -> None:
        for answers in connections:
            connection, _ = listening.accept()
            with connection:
                _answer(connection, answers, tls)
            closed.put(None)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        thread = Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], closed
        thread.join()


def _answer(connection: socket.socket, answers: list[bytes], tls: ssl.SSLContext | None) -> None:
    if tls:
        try:
            connection = tls.wrap_socket(connection, server_side=True)
        except ssl.SSLError:
            return  # The client did not trust us, and said so.
    with connection:
        for answer in answers:
            if connection.recv(65_536):
                connection.sendall(answer)


def self_signed(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
