"""Writes what runs in a function so that the same input gives the same bytes."""

import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
COMPILE = "-S -s -m compileall -q -f --invalidation-mode unchecked-hash".split()
# ELF-64, little-endian: where its table of sections is, how long a line of it and how many; a line.
TABLE_AT, LINES_AT, SECTION = struct.Struct("<40xQ"), struct.Struct("<58xHH"), "<IIQQQQIIQQ"
SYMBOLS = 2


def compile_sources(folder: Path, *, sourceless: bool = False) -> None:
    """Puts a `.pyc` beside each source of `folder`, where an import finds it.

    sourceless: where an import finds it also when the source is not there.
    Unchecked hash: the import believes it without looking at the source's time, which unpacking
    changes. One process with a fixed hash seed compiles everything in order, because marshalled
    constants depend on both.
    """
    place = ["-b"] if sourceless else []
    subprocess.run(
        [sys.executable, *COMPILE, *place, "-s", str(folder), str(folder)],
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
    )


def without_symbols(library: bytes) -> bytes:
    """A compiled library with zeros for the names that only a debugger reads.

    As `strip` does it, which is not on every machine; the length stays, for zeros cost nothing in a
    zip. What the loader reads is in other sections.
    """
    [table] = TABLE_AT.unpack_from(library)
    size, count = LINES_AT.unpack_from(library)
    sections = [struct.unpack_from(SECTION, library, table + size * line) for line in range(count)]
    blanked = bytearray(library)
    for _, kind, _, _, start, length, names, *_ in sections:
        if kind == SYMBOLS:
            names_start, names_length = sections[names][4:6]
            blanked[start : start + length] = bytes(length)
            blanked[names_start : names_start + names_length] = bytes(names_length)
    return bytes(blanked)


def write_zip(archive: Path, *, libraries: Path, code: Path | None = None, under: str = "") -> None:
    """Packs both folders as one tree: sorted, without times, readable by everybody.

    Of libraries only what is compiled: their sources would be a sixth of the zip, and a traceback
    names file, line and function without them.
    under: the folder in the zip that all of it lies in, such as `python`.
    Raises ValueError when both hold the same name.
    """
    names: dict[str, Path] = {}
    for folder in (libraries, code) if code else (libraries,):
        for path in sorted(folder.rglob("*")):
            name = Path(under, path.relative_to(folder)).as_posix()
            if path.is_dir() or (folder is libraries and path.suffix == ".py"):
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
