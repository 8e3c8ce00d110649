"""Writes `deployment.zip`, `layer.zip` and `template.json` to `build/`: all that is deployed.

The layer holds the libraries that only functions in the background need, so that the zip from
which the API starts stays small.

`chalice package` itself decides what of our code is shipped (app.py and what `vendor/` links to)
and makes the first form of the template. It works on a copy of the project that names no libraries,
because it would fetch them anew after every edit; they come from a cache and are added here.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra.archive import compile_sources, write_zip
from infra.dependencies import installed_dependencies
from infra.lock import held
from infra.template import Json, chalice_package, one_template

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
MADE = ("deployment.zip", "layer.zip", "template.json")


def package(build: Path = BUILD) -> None:
    """Writes all three to `build`, unless those there were made of the same sources."""
    build.mkdir(parents=True, exist_ok=True)
    mark = build / "fingerprint"
    with held(build / "lock", wait=True):
        fingerprint = _fingerprint()
        if mark.exists() and mark.read_text() == fingerprint:
            return
        mark.unlink(missing_ok=True)
        _write(build)
        mark.write_text(fingerprint)


def _write(build: Path) -> None:
    libraries = installed_dependencies(PROJECT / "requirements.txt", BUILD / "libraries")
    background = installed_dependencies(
        PROJECT / "requirements-background.txt", BUILD / "background"
    )
    with tempfile.TemporaryDirectory(dir=build) as directory:
        scratch = Path(directory)
        project = _copy_of_project(scratch / "project")
        by_stage = chalice_package(project, scratch / "out")
        template = one_template(by_stage, _state_machines(), _flows())
        code = scratch / "code"
        for stage in by_stage:  # the same in each
            with zipfile.ZipFile(scratch / "out" / stage / "deployment.zip") as ours:
                ours.extractall(code)
        compile_sources(code)
        write_zip(build / "deployment.zip", code=code, libraries=libraries)
    write_zip(build / "layer.zip", libraries=background, under="python")
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    (build / "template.json").write_text(text + "\n")


def _copy_of_project(copy: Path) -> Path:
    copy.mkdir()
    (copy / "requirements.txt").touch()
    shutil.copy(PROJECT / "app.py", copy)
    shutil.copytree(
        PROJECT / "vendor", copy / "vendor", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(
        PROJECT / ".chalice", copy / ".chalice", ignore=shutil.ignore_patterns("deploy*")
    )
    (copy / "infra").mkdir()
    shutil.copy(PROJECT / "infra" / "template.yaml", copy / "infra")
    return copy


def _flows() -> dict[str, str]:
    """The flows in `infra/`: `hotline.flow.json` is that of the resource `HotlineFlow`."""
    return {
        f"{path.name.removesuffix('.flow.json').title()}Flow": json.dumps(
            json.loads(path.read_text()), separators=(",", ":")
        )
        for path in sorted((PROJECT / "infra").glob("*.flow.json"))
    }


def _state_machines() -> dict[str, Json]:
    """The definitions in `infra/`: `withdrawal.asl.json` is that of the resource `Withdrawal`."""
    return {
        path.name.removesuffix(".asl.json").replace("_", " ").title().replace(" ", ""): json.loads(
            path.read_text()
        )
        for path in sorted((PROJECT / "infra").glob("*.asl.json"))
    }


def _fingerprint() -> str:
    """A hash of all that the package is made of, and of what makes it."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _sources():
        digest.update(f"{path.relative_to(PROJECT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield PROJECT / "app.py"
    yield PROJECT / "requirements.txt"
    yield PROJECT / "requirements-background.txt"
    yield from sorted((PROJECT / ".chalice").glob("*.json"))
    yield from sorted(path for path in (PROJECT / "infra").glob("*.*") if path.is_file())
    for folder in ("functions", "shared"):
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield path


def main() -> None:
    argparse.ArgumentParser(prog="python -m infra.package", description=__doc__).parse_args()
    package()
    for name in MADE:
        made = BUILD / name
        digest = hashlib.sha256(made.read_bytes()).hexdigest()
        sys.stdout.write(f"{digest}  build/{name}  {made.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
