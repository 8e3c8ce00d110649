"""A stack starts whole, remembers, stands beside others, and leaves nothing when it ends."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.attached import PROJECT, ChildFailed, answers
from infra.phone_app import PhoneApp
from infra.stack import Addresses, AlreadyRunning, PortTaken, Stack, directory_of, find, running


@pytest.fixture
def free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    yield port
    shutil.rmtree(directory_of(port), ignore_errors=True)


def test_second_stack_in_the_same_directory_is_refused(stack: Stack, stack_directory: Path) -> None:
    with pytest.raises(AlreadyRunning), running(stack_directory, keep=False):
        pytest.fail("the second stack began")
    assert find(stack_directory) == stack.addresses


def test_two_stacks_do_not_know_of_each_other(stack: Stack, tmp_path: Path) -> None:
    here = PhoneApp(stack.addresses)
    here.register()
    with running(tmp_path, keep=False) as other:
        there = PhoneApp(other.addresses)
        there.phone, there.password = here.phone, here.password
        refused = there.ask(
            "POST", "/v1/sessions", {"phone": there.phone, "password": there.password}
        )
        assert refused.status == 401
        there.register()
    here.sign_in()


def test_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        with pytest.raises(PortTaken), running(tmp_path, port=port, keep=False):
            pytest.fail("the stack began")


def test_start_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bank").write_text("not a directory, so the sandbox bank cannot start")
    with pytest.raises(ChildFailed), running(tmp_path, keep=False):
        pytest.fail("the stack began")
    port = json.loads((tmp_path / "memory.json").read_text())["cloud_port"]
    assert not answers(f"http://127.0.0.1:{port}/_ministack/ready")
    assert find(tmp_path) is None


def test_make_run_remembers_all_and_ends_in_order_by_either_signal(free_port: int) -> None:
    with running_until(signal.SIGINT, free_port) as before:
        app = PhoneApp(before)
        app.register()
    with running_until(signal.SIGTERM, free_port) as after:
        assert after == before
        app.sign_in()
        assert app.available() == 0
        assert app.must(200, "GET", "/v1/me")["user_id"] == app.user_id


@contextmanager
def running_until(ending: signal.Signals, port: int) -> Iterator[Addresses]:
    """`make run` on a port, which that signal ends."""
    command = [sys.executable, "-m", "infra.run", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as run:
        try:
            assert run.stdout is not None
            assert any("Ready after" in line for line in run.stdout)
            addresses = find(directory_of(port))
            assert addresses is not None
            yield addresses
        finally:
            run.send_signal(ending)
        assert run.wait(timeout=60) == 0
    for url in (
        addresses.aws_endpoint_url + "/_ministack/ready",
        addresses.sandbox_url + "/health",
    ):
        assert not answers(url)
    assert not (directory_of(port) / "stack.json").exists()
