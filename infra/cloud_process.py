"""MiniStack, but for one thing: processes of functions share the unpacked code.

MiniStack unpacks the whole package for each process that it starts, some two thousand files, in its
one interpreter: while two hundred requests come at once it does little else. Here the first process
unpacks a package, and all others get a link to that.
"""

import hashlib
import runpy
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

_extract = zipfile.ZipFile.extractall
_unpacking = threading.Lock()


def _extract_once(self: zipfile.ZipFile, path: Any = None, *more: Any, **named: Any) -> None:
    """In the place of `extractall`: a folder of a function becomes a link to what it would hold."""
    scratch = Path(tempfile.gettempdir())
    if path is None or scratch not in Path(path).parents or self.filename is None:
        _extract(self, path, *more, **named)
        return
    shared = scratch / hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
    with _unpacking:
        if not shared.exists():
            unpacked = tempfile.mkdtemp(dir=scratch)
            _extract(self, unpacked)
            Path(unpacked).rename(shared)
    Path(path).rmdir()
    Path(path).symlink_to(shared, target_is_directory=True)


if __name__ == "__main__":
    zipfile.ZipFile.extractall = _extract_once  # type: ignore[method-assign]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
