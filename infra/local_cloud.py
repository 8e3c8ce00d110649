"""The cloud on this machine: MiniStack, and what it needs changed in a template."""

import copy
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.attached import attached
from infra.deploy import Place
from infra.template import Json

REGION = "ap-southeast-1"
METHODS = ("delete", "get", "head", "options", "patch", "post", "put")


@contextmanager
def local_cloud(
    *, port: int, directory: Path, keep: bool
) -> Iterator[tuple[Place, subprocess.Popen[bytes]]]:
    """Runs until the block ends; with `keep` it begins with the state of its last end."""
    endpoint = f"http://127.0.0.1:{port}"
    with (
        # Each function process unpacks the code for itself, and leaves that behind.
        tempfile.TemporaryDirectory(dir=directory, prefix="functions-") as scratch,
        attached(
            "ministack",
            ready_url=f"{endpoint}/_ministack/ready",
            log=directory / "cloud.log",
            environment={**_settings(port=port, directory=directory, keep=keep), "TMPDIR": scratch},
        ) as process,
    ):
        place = Place(
            region=REGION,
            endpoint_url=endpoint,
            access_key="local",
            adapt=adapt,
            poll_seconds=0.1,
        )
        yield place, process


def _settings(*, port: int, directory: Path, keep: bool) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",  # it listens on all addresses otherwise
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": str(int(keep)),
        "STATE_DIR": str(directory / "cloud"),
        "S3_PERSIST": str(int(keep)),
        "S3_DATA_DIR": str(directory / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # as on AWS; else it depends on the memory here
        "LOG_LEVEL": "WARNING",
    }


def adapt(template: Json) -> Json:
    """The template without what MiniStack lacks: it knows no ANY among the methods of a path."""
    adapted = copy.deepcopy(template)
    paths = adapted["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    for methods in paths.values():
        any_method = methods.pop("x-amazon-apigateway-any-method")
        methods |= dict.fromkeys(METHODS, any_method)
    return adapted
