"""A webhook reaches a public address over TLS, or nothing: no private one, no redirect, no wait."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.payments import sending
from functions.payments.sending import send
from shared.settings import settings
from tests.web_shop import web_shop


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Addresses of this machine may be reached, as on a laptop."""
    monkeypatch.setenv("NOTIFY_PRIVATE_ADDRESSES", "on")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def resolving_to(*addresses: str) -> Callable[..., Any]:
    """A name service in which every name has these addresses."""

    def resolve(_: str, port: int, *__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    return resolve


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """One connection is taken and given to `answer`; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection)

        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1]
        serving.join(timeout=5)
        assert not serving.is_alive()


def own_certificate(directory: Path) -> Path:
    """A certificate for `localhost` that its owner has signed himself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "shop.pem"
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, plain))
    return file


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "2130706433", "0x7f.1", "127.1",
    ],
)  # fmt: skip
def test_no_address_is_reached_that_is_not_public(host: str) -> None:
    sent = send(f"https://{host}:1/", b"{}", {})

    assert (sent.status, sent.failure) == (None, sending.ADDRESS_REFUSED)


def test_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("8.8.8.8", "10.0.0.1"))

    assert send("https://shop.example/", b"{}", {}).failure == sending.ADDRESS_REFUSED


def test_connection_goes_to_the_very_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that is resolved again would answer otherwise the second time."""
    dialled: list[Any] = []

    def dial(address: Any, *_: Any) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("8.8.8.8"))
    monkeypatch.setattr(socket, "create_connection", dial)

    assert send("https://shop.example/", b"{}", {}).failure == sending.NO_CONNECTION
    assert dialled == [("8.8.8.8", 443)]


def test_unknown_name_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert send("https://nowhere.example/", b"{}", {}).failure == sending.NAME_UNKNOWN


def test_redirect_is_an_answer_and_is_not_followed(local: None) -> None:
    with web_shop() as shop:
        shop.answers = [302]

        assert send(shop.url, b"{}", {}).status == 302

        assert len(shop.got) == 1


def test_target_and_headers_arrive_as_they_were_given(local: None) -> None:
    with web_shop() as shop:
        assert send(f"{shop.url}?a=b", b"{}", {"U-Wallet-Event": "ev_1"}).status == 204

        ((headers, body),) = shop.got
        assert (headers["U-Wallet-Event"], body) == ("ev_1", b"{}")
        assert headers["Host"] == shop.url.split("/")[2]


def drip(connection: socket.socket) -> None:
    """Begins an answer, a byte at a time, that would take an hour."""
    connection.settimeout(0.05)
    for _ in range(72_000):
        with suppress(TimeoutError):
            while connection.recv(1_000):
                pass
        try:
            connection.send(b"H")
        except OSError:
            return


def hang(connection: socket.socket) -> None:
    """Takes all and says nothing."""
    while connection.recv(1_000):
        pass


def nonsense(connection: socket.socket) -> None:
    connection.recv(1_000)
    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


@pytest.mark.parametrize("answer", [hang, drip, nonsense], ids=lambda one: one.__name__)
def test_who_does_not_answer_properly_takes_a_bounded_time(
    local: None, monkeypatch: pytest.MonkeyPatch, answer: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.3)
    with server(answer) as port:
        sent = send(f"http://127.0.0.1:{port}/", b"{}", {})

    assert (sent.status, sent.failure) == (None, sending.NO_ANSWER)
    assert sent.duration_ms < 2_000


def test_certificate_that_nobody_vouches_for_is_refused(local: None, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))

    def answer(connection: socket.socket) -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with server(answer) as port:
        assert send(f"https://localhost:{port}/", b"{}", {}).failure == sending.TLS_FAILED


def test_long_body_of_an_answer_is_not_read(local: None) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while connection.recv(1_000):
            pass

    with server(answer) as port:
        assert send(f"http://127.0.0.1:{port}/", b"{}", {}).status == 200
