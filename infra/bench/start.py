"""What a cold start of the package costs: bytes to fetch, and time to import the app.

Each time is that of an import alone, inside a new interpreter that sees nothing but the unpacked
zip and writes no `.pyc`, as in a function, where the package can't be written to. It is CPU time,
which is nearly all that an import takes and which other work on the machine does not lengthen.
"""

import py_compile
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from statistics import median
from typing import NamedTuple

_ISOLATED = "-I -S -B -c".split()
_FUNCTION = {"AWS_LAMBDA_FUNCTION_NAME": "APIHandler"}  # by which the app knows that it is one
_TIMED = (
    "import sys; sys.path.insert(0, sys.argv[1]); from time import process_time; "
    "begin = process_time(); import {module}; print(process_time() - begin)"
)


class Start(NamedTuple):
    """Medians in milliseconds of CPU: the package as it is, with all `.pyc`, and the yardstick."""

    app_ms: float
    app_all_pyc_ms: float
    botocore_session_ms: float


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """The package in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        yield Path(folder)


def measured_start(package: Path, *, rounds: int) -> Start:
    """Imports in `rounds` interleaved rounds."""
    with tempfile.TemporaryDirectory() as scratch:
        compiled = Path(scratch, "compiled")
        shutil.copytree(package, compiled)
        _compile_what_is_not(compiled)
        cases = [("app", package), ("app", compiled), ("botocore.session", package)]
        times: list[list[float]] = [[] for _ in cases]
        for _ in range(rounds):
            # In any order, so that none always comes after the same.
            for turn in random.sample(range(len(cases)), len(cases)):  # nosec B311
                times[turn].append(_import_ms(*cases[turn]))
    return Start(*map(median, times))


def _compile_what_is_not(folder: Path) -> None:
    for source in folder.rglob("*.py"):
        if not Path(cache_from_source(source)).exists():
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), invalidation_mode=mode, quiet=2)


def _import_ms(module: str, folder: Path) -> float:
    command = [sys.executable, *_ISOLATED, _TIMED.format(module=module), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_FUNCTION)
    return float(done.stdout.splitlines()[-1]) * 1000
