"""What is installed here is what the project names, each thing in one version."""

import re

from infra.package import PROJECT

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """By library, as packages are compared: without case, and all of `-_.` alike."""
    found = _PIN.findall((PROJECT / name).read_text())
    return {re.sub("[-_.]+", "-", library).lower(): version for library, version in found}


def test_the_lock_has_what_the_other_files_name_in_the_same_version() -> None:
    locked = pins("requirements-lock.txt")
    for name in ("requirements.txt", "requirements-background.txt", "requirements-dev.txt"):
        named = pins(name)
        assert named, name
        assert named.items() <= locked.items(), f"make lock: {named.items() - locked.items()}"
