"""The package as it is built: its zip, its unpacked files, its template."""

import json
import zipfile
from pathlib import Path

import pytest

from infra.package import BUILD, package
from infra.template import Json


@pytest.fixture(scope="session")
def archive() -> Path:
    package()
    return BUILD / "deployment.zip"


@pytest.fixture(scope="session")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(directory)
    return directory


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a function with the layer sees in /opt."""
    package()
    directory = tmp_path_factory.mktemp("opt")
    with zipfile.ZipFile(BUILD / "layer.zip") as packed:
        packed.extractall(directory)
    return directory


@pytest.fixture(scope="session")
def template() -> Json:
    package()
    loaded: Json = json.loads((BUILD / "template.json").read_text())
    return loaded
