"""A child process starts whole or not at all, and never outlives its starter."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.attached import PROJECT, ChildFailed, answers, attached

DEADLINE_SECONDS = 20
STARTER = """
import sys, time
from pathlib import Path
from infra.attached import attached
port, log = sys.argv[1:]
with attached("http.server", port, "--bind", "127.0.0.1", ready_url=f"http://127.0.0.1:{port}/",
              log=Path(log), environment={}):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    return free


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def test_child_lives_exactly_as_long_as_the_block(port: int, tmp_path: Path) -> None:
    with attached(
        "http.server",
        *(str(port), "--bind", "127.0.0.1"),
        ready_url=url_of(port),
        log=tmp_path / "log",
        environment={},
    ) as child:
        assert answers(url_of(port))
        assert child.poll() is None
    assert child.poll() is not None
    assert not answers(url_of(port))


def test_error_in_the_block_ends_the_child(port: int, tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        attached(
            "http.server",
            *(str(port), "--bind", "127.0.0.1"),
            ready_url=url_of(port),
            log=tmp_path / "log",
            environment={},
        ),
    ):
        raise ZeroDivisionError
    assert not answers(url_of(port))


def test_child_that_ends_at_once_is_told(port: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(ChildFailed, match="ended with 2"),
        attached(
            "http.server",
            *("--no-such-option",),
            ready_url=url_of(port),
            log=log,
            environment={},
        ),
    ):
        pytest.fail("the block began")
    assert "no-such-option" in log.read_text()


def test_child_ends_when_its_starter_is_killed(port: int, tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(port), str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"up\n"
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while answers(url_of(port)):
        assert time.monotonic() < deadline, "the child still answers"
