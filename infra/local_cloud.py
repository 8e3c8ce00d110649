"""The cloud on this machine: MiniStack, and what it needs changed in a template."""

import copy
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from infra.attached import attached
from infra.deploy import Place
from infra.template import Json

REGION = "ap-southeast-1"
ACCESS_KEY = "local"  # its owner's, and the secret to it
METHODS = ("delete", "get", "head", "options", "patch", "post", "put")
SOCKETS_PATH = "/_aws/execute-api/${WebsocketAPI}/api"
UNKNOWN_CONDITIONS = {"kms:EncryptionContext:of", "ses:FromAddress"}
WITHOUT_RESOURCES = {"ses:SendEmail", "ses:SendRawEmail"}


@contextmanager
def local_cloud(
    *,
    port: int,
    directory: Path,
    keep: bool,
    enforce_rights: bool,
    smtp: str | None = None,
) -> Iterator[tuple[Place, subprocess.Popen[bytes]]]:
    """Runs until the block ends.

    smtp: the `host:port` where mails that were sent go to, if they go anywhere.
    keep: it begins with the state of its last end.
    enforce_rights: a function may do only what the template allows it, and only our key may do all;
    else everybody may do everything.
    """
    endpoint = f"http://127.0.0.1:{port}"
    settings = _settings(port=port, directory=directory)
    settings |= {"SMTP_HOST": smtp} if smtp else {}
    settings |= {"PERSIST_STATE": "1", "S3_PERSIST": "1"} if keep else {}
    settings |= {"AUTH": "true"} if enforce_rights else {}
    with (
        # What the processes of functions unpack and leave behind.
        tempfile.TemporaryDirectory(dir=directory, prefix="functions-") as scratch,
        attached(
            "infra.cloud_process",
            ready_url=f"{endpoint}/_ministack/ready",
            log=directory / "cloud.log",
            environment={**settings, "TMPDIR": scratch},
        ) as process,
    ):
        place = Place(
            region=REGION,
            endpoint_url=endpoint,
            access_key=ACCESS_KEY,
            adapt=partial(adapt, endpoint_url=endpoint),
            poll_seconds=0.1,
        )
        yield place, process


def _settings(*, port: int, directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",  # it listens on all addresses otherwise
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "STATE_DIR": str(directory / "cloud"),
        "S3_DATA_DIR": str(directory / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # as on AWS; else it depends on the memory here
        "LOG_LEVEL": "WARNING",
    }


def adapt(template: Json, *, endpoint_url: str) -> Json:
    """The template without what MiniStack lacks, and with where its sockets are reached.

    It knows no ANY among the methods of a path, no deployment of a WebSocket API, not the keys of
    `UNKNOWN_CONDITIONS`, and no resources of the actions in `WITHOUT_RESOURCES`: a right on such
    would be no right. It has no name for a function that finds no room.
    """
    adapted = copy.deepcopy(template)
    resources = adapted["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            _name_crowding(resource["Properties"]["Definition"]["States"].values())
        for policy in resource.get("Properties", {}).get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                conditions = statement.get("Condition", {})
                if any(UNKNOWN_CONDITIONS & condition.keys() for condition in conditions.values()):
                    del statement["Condition"]
                if str(statement["Action"]) in WITHOUT_RESOURCES:
                    statement["Resource"] = "*"
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    for methods in paths.values():
        any_method = methods.pop("x-amazon-apigateway-any-method")
        methods |= dict.fromkeys(METHODS, any_method)
    del resources["WebsocketAPIDeployment"]
    del resources["WebsocketAPIStage"]["Properties"]["DeploymentId"]
    resources["WebsocketAPIStage"]["Properties"]["AutoDeploy"] = True
    sockets = adapted["Globals"]["Function"]["Environment"]["Variables"]
    sockets["CHAT_SOCKETS_URL"] = {"Fn::Sub": endpoint_url + SOCKETS_PATH}
    return adapted


def _name_crowding(states: Iterable[Json]) -> None:
    for retry in (retry for state in states for retry in state.get("Retry", [])):
        retry["ErrorEquals"] = [
            "Lambda.Unknown" if error == "Lambda.TooManyRequestsException" else error
            for error in retry["ErrorEquals"]
        ]
