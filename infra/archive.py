"""Writes what runs in a function so that the same input gives the same bytes."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
COMPILE = "-S -s -m compileall -q -f --invalidation-mode unchecked-hash -s".split()


def compile_sources(folder: Path) -> None:
    """Puts a `.pyc` beside each source of `folder`, where an import finds it.

    Unchecked hash: the import believes it without looking at the source's time, which unpacking
    changes, and the source stays for readable tracebacks. One process with a fixed hash seed
    compiles everything in order, because marshalled constants depend on both.
    """
    subprocess.run(
        [sys.executable, *COMPILE, str(folder), str(folder)],
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
    )


def write_zip(archive: Path, folders: list[Path]) -> None:
    """Packs the files of `folders` as one tree: sorted, without times, readable by everybody.

    Raises ValueError when two folders hold the same name.
    """
    names: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                continue
            if name in names:
                raise ValueError(f"{name} is in {folder} and also at {names[name]}")
            names[name] = path
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(names):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o755 << 16 if name.endswith(".so") else 0o644 << 16
            packed.writestr(entry, names[name].read_bytes())
