"""Child processes that never outlive the process that started them.

`python -m infra.attached MODULE ...` runs a module and asks it to end when its standard input
closes, which happens however the starter ends: orderly, by an error, or killed.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import urllib3

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
ANSWER_SECONDS = 30
END_SECONDS = 60
POLL_SECONDS = 0.05


class ChildFailed(Exception):
    """A child process ended, or did not answer in time."""


@contextmanager
def attached(
    module: str, *arguments: str, ready_url: str, log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a module until the block ends; begins it when `ready_url` answers 200.

    The child has a session of its own, so that Ctrl-C reaches us alone and the end is in order.
    Raises ChildFailed when it does not come up.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.attached", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=PROJECT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, ready_url, log)
        yield process
    finally:
        _end(process)


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200."""
    try:
        return urllib3.request("GET", url, timeout=ANSWER_SECONDS, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if process.poll() is not None:
            raise ChildFailed(f"{process.args!r} ended with {process.returncode}; see {log}")
        if time.monotonic() > deadline:
            raise ChildFailed(f"{url} did not answer in {START_SECONDS} s; see {log}")
        time.sleep(POLL_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks the child to end, waits while it saves its state, then ends the rest of its group."""
    process.terminate()
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise ChildFailed(f"{process.args!r} did not end in {END_SECONDS} s") from late
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_with_starter() -> None:
    os.read(0, 1)  # not sys.stdin: its lock would be held when the interpreter ends
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    module = sys.argv.pop(1)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
