"""A whole wallet on this machine: the local cloud, the sandbox, and the deployed package.

Everything that a stack remembers lies in one directory, so that two stacks in two directories do
not know of each other, and a stack that starts again finds its balances.
"""

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import urllib3

from infra.attached import PROJECT, answers, attached
from infra.deploy import DeployFailed, Place, deploy
from infra.local_cloud import local_cloud
from infra.lock import held
from infra.mail_door import HOST, Rule, mail_door
from infra.package import package
from infra.shops import LocalMerchant, shops
from infra.staff import LocalAgent, staff

STACK_FILE = "stack.json"
STEPS_AT_ONCE = 16
WEB_ORIGINS = "http://localhost:3000,http://localhost:5173"
MAIL_FROM = "wallet@u-wallet.example"
MAIL_DOMAIN = "support.u-wallet.example"


class AlreadyRunning(Exception):
    """Another process runs a stack in this directory."""


class PortTaken(Exception):
    """Somebody else listens at the port that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the parts of a running stack are: the content of `stack.json`.

    inbound_mail: `host:port` of SMTP. outbox: the folder of all mails that went out, whole.
    """

    api_url: str
    chat_url: str
    aws_endpoint_url: str
    aws_region: str
    sandbox_url: str
    sms_url: str
    mail_url: str
    inbound_mail: str
    support_address: str
    outbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack that runs here. outputs: of its template, such as the names of the tables.

    agents, merchants: who can act at once; none unless they were asked for.
    """

    addresses: Addresses
    agents: tuple[LocalAgent, ...]
    merchants: tuple[LocalMerchant, ...]
    outputs: dict[str, str]
    place: Place
    children: tuple[subprocess.Popen[bytes], ...]

    def runs(self) -> bool:
        """Whether all of its processes still live."""
        return all(child.poll() is None for child in self.children)


@contextmanager
def running(
    directory: Path,
    *,
    port: int | None = None,
    keep: bool = True,
    enforce_rights: bool = False,
    inhabited: bool = False,
    mail_domain: str = MAIL_DOMAIN,
) -> Iterator[Stack]:
    """Packages what changed, starts a stack, and ends it with the block.

    port: of the API; None for the one it had before, at first any.
    keep: whether its state is there again at the next start.
    enforce_rights: whether a function may do only what the template allows it.
    mail_domain: whose mail comes to support.
    inhabited: whether there are agents and merchants; to make them takes some seconds.
    Raises AlreadyRunning, PortTaken, ChildFailed, DeployFailed.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    package()
    with ExitStack() as started:
        try:
            started.enter_context(held(directory / "lock", wait=False))
        except BlockingIOError as error:
            raise AlreadyRunning(f"a stack runs in {directory}; choose another PORT") from error
        memory = _Memory.of(directory, cloud_port=port)
        place, cloud = started.enter_context(
            local_cloud(
                port=memory.cloud_port,
                smtp=f"{HOST}:{memory.mail_port}",
                directory=directory,
                keep=keep,
                enforce_rights=enforce_rights,
            )
        )
        sandbox_url, sandbox = started.enter_context(_sandbox(memory, place, directory))
        parameters = {
            "BankUrl": sandbox_url,
            "WebOrigins": WEB_ORIGINS,
            "MailFrom": MAIL_FROM,
            "SupportMailDomain": mail_domain,
        }
        outputs = deploy(place, stage="local", parameters=parameters)
        support_address = f"support@{mail_domain}"
        _verify_senders(place, support_address, outputs)
        _introduce_to_bank(memory, place, outputs)
        rule = Rule(
            place=place,
            domain=mail_domain,
            bucket=outputs["SupportMails"],
            topic=outputs["MailArrived"],
            outbox=directory / "outbox",
        )
        inbound_mail = started.enter_context(mail_door(rule, port=memory.mail_port))
        addresses = _addresses(
            place,
            outputs,
            sandbox_url=sandbox_url,
            inbound_mail=inbound_mail,
            support_address=support_address,
            outbox=str(rule.outbox),
        )
        _hold_steps_back(place, outputs)
        _have_notified(addresses)
        _introduce_to_platforms(addresses, place, outputs)
        _introduce_to_social_networks(addresses, place, outputs)
        _ask_for_first_answer(addresses)
        agents = _staff(directory, place, outputs, addresses) if inhabited else ()
        merchants = _shops(directory, place, outputs) if inhabited else ()
        started.enter_context(_announced(addresses, agents, merchants, directory))
        yield Stack(
            addresses=addresses,
            agents=agents,
            merchants=merchants,
            outputs=outputs,
            place=place,
            children=(cloud, sandbox),
        )


def find(directory: Path) -> Addresses | None:
    """The stack that another process runs in `directory`, if one does and answers."""
    file = directory / STACK_FILE
    if not file.exists():
        return None
    told = json.loads(file.read_text())
    addresses = Addresses(**{field.name: told[field.name] for field in fields(Addresses)})
    return addresses if answers(_contract(addresses)) else None


def merchants_of(directory: Path) -> tuple[LocalMerchant, ...]:
    """Who can be paid at the stack that was found in `directory`."""
    told = json.loads((directory / STACK_FILE).read_text())
    return tuple(LocalMerchant(**one) for one in told["merchants"])


def agents_of(directory: Path) -> tuple[LocalAgent, ...]:
    """Who works for the stack that another process runs in `directory`."""
    told = json.loads((directory / STACK_FILE).read_text())
    return tuple(LocalAgent(**one) for one in told["agents"])


def directory_of(port: int | None) -> Path:
    """Where a stack lives: `.local/`, and `.local/PORT/` for one that was given a port."""
    local = Path(__file__).resolve().parent.parent / ".local"
    return local if port is None else local / str(port)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What must be the same at the next start. bank_key: hexadecimal, 32 bytes."""

    cloud_port: int
    sandbox_port: int
    mail_port: int
    bank_client_id: str
    bank_key: str

    @staticmethod
    def of(directory: Path, *, cloud_port: int | None) -> "_Memory":
        if cloud_port is not None and free_port(cloud_port) != cloud_port:
            raise PortTaken(f"somebody listens at port {cloud_port}; choose another PORT")
        file = directory / "memory.json"
        before = json.loads(file.read_text()) if file.exists() else {}
        memory = _Memory(
            cloud_port=cloud_port or free_port(before.get("cloud_port", 0)),
            sandbox_port=free_port(before.get("sandbox_port", 0)),
            mail_port=free_port(before.get("mail_port", 0)),
            bank_client_id=before.get("bank_client_id", "u-wallet-local"),
            bank_key=before.get("bank_key") or secrets.token_hex(32),
        )
        file.write_text(json.dumps(asdict(memory)))
        return memory


def _staff(
    directory: Path, place: Place, outputs: dict[str, str], addresses: Addresses
) -> tuple[LocalAgent, ...]:
    """The agents, who are remembered beside the rest that must be the same at the next start."""
    file = directory / "agents.json"
    known = [LocalAgent(**each) for each in json.loads(file.read_text())] if file.exists() else []
    function = outputs["AdministerAgents"]
    agents = tuple(staff(known, place=place, function=function, api_url=addresses.api_url))
    file.write_text(json.dumps([agent._asdict() for agent in agents]))
    return agents


def _shops(directory: Path, place: Place, outputs: dict[str, str]) -> tuple[LocalMerchant, ...]:
    """The merchants, who are remembered in the same way."""
    file = directory / "merchants.json"
    known = [LocalMerchant(**one) for one in json.loads(file.read_text())] if file.exists() else []
    merchants = tuple(shops(known, place=place, function=outputs["AdministerMerchants"]))
    file.write_text(json.dumps([merchant._asdict() for merchant in merchants]))
    return merchants


def free_port(wish: int) -> int:
    """`wish` when nobody listens there, else any port that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wish))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _sandbox(
    memory: _Memory, place: Place, directory: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The sandbox bank, which sends its codes by the local cloud."""
    url = f"http://127.0.0.1:{memory.sandbox_port}"
    with attached(
        "infra.sandbox",
        *("--port", str(memory.sandbox_port), "--state", str(directory / "bank")),
        *("--client-id", memory.bank_client_id, "--key", memory.bank_key),
        *("--request-lifetime-seconds", _local_setting("BANK_REQUEST_LIFETIME_SECONDS")),
        *("--sms-endpoint", str(place.endpoint_url), "--region", str(place.region)),
        ready_url=f"{url}/health",
        log=directory / "sandbox.log",
        environment={
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": str(place.access_key),
            "AWS_SECRET_ACCESS_KEY": str(place.access_key),
        },
    ) as process:
        yield url, process


def _local_setting(name: str) -> str:
    """What the functions of the stage are configured with."""
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    value: str = config["stages"]["local"]["environment_variables"][name]
    return value


def _introduce_to_bank(memory: _Memory, place: Place, outputs: dict[str, str]) -> None:
    place.client("secretsmanager").put_secret_value(
        SecretId=outputs["BankSecret"],
        SecretString=json.dumps({"client_id": memory.bank_client_id, "key": memory.bank_key}),
    )


def _hold_steps_back(place: Place, outputs: dict[str, str]) -> None:
    """Has few steps of withdrawals run at once; one that finds no room waits in the state machine.

    The local cloud starts a process for each: hundreds would all be late. It does not take this
    from a template.
    """
    place.client("lambda").put_function_concurrency(
        FunctionName=outputs["WithdrawalStep"], ReservedConcurrentExecutions=STEPS_AT_ONCE
    )


def _have_notified(addresses: Addresses) -> None:
    """Tells the sandbox where the wallet takes notifications. Raises DeployFailed."""
    wish = {"url": f"{addresses.api_url}/v1/notifications/bank"}
    address = f"{addresses.sandbox_url}/_sandbox/notify-url"
    answer = urllib3.request("PUT", address, json=wish, timeout=30, retries=False)
    if answer.status != 204:
        raise DeployFailed(f"{address}: {answer.status} {answer.data.decode()}")


def _introduce_to_platforms(addresses: Addresses, place: Place, outputs: dict[str, str]) -> None:
    """Stores the keys that the sandbox platforms have made, and where they tell of payments."""
    url = f"{addresses.sandbox_url}/_sandbox/platforms/credentials"
    known = urllib3.request("GET", url, timeout=30, retries=False).json()
    place.client("secretsmanager").put_secret_value(
        SecretId=outputs["PlatformsSecret"],
        SecretString=json.dumps(known | {"notify_url": f"{addresses.api_url}/v1/notifications"}),
    )


def _introduce_to_social_networks(
    addresses: Addresses, place: Place, outputs: dict[str, str]
) -> None:
    """Stores what the sandbox networks know us by, and where they take answers."""
    url = f"{addresses.sandbox_url}/_sandbox/social/credentials"
    known = urllib3.request("GET", url, timeout=30, retries=False).data.decode()
    place.client("secretsmanager").put_secret_value(
        SecretId=outputs["SocialSecret"], SecretString=known
    )


def _verify_senders(place: Place, support_address: str, outputs: dict[str, str]) -> None:
    """The local cloud tells of bounces by the sender, and not by the configuration set."""
    ses = place.client("sesv2")
    for sender in (MAIL_FROM, support_address):
        with suppress(ses.exceptions.AlreadyExistsException):  # of an earlier start
            ses.create_email_identity(EmailIdentity=sender)
        place.client("ses").verify_email_identity(EmailAddress=sender)
        for kind in ("Bounce", "Complaint"):
            place.client("ses").set_identity_notification_topic(
                Identity=sender, NotificationType=kind, SnsTopic=outputs["MailFeedback"]
            )


def _addresses(place: Place, outputs: dict[str, str], **others: str) -> Addresses:
    cloud = str(place.endpoint_url)
    return Addresses(
        api_url=f"{cloud}/_aws/execute-api/{outputs['RestAPIId']}/api",
        chat_url=f"ws{cloud[4:]}/_aws/execute-api/{outputs['WebsocketAPIId']}/api",
        aws_endpoint_url=cloud,
        aws_region=str(place.region),
        sms_url=f"{cloud}/_ministack/sns/sms-messages",
        mail_url=f"{cloud}/_ministack/ses/messages",
        **others,
    )


def _contract(addresses: Addresses) -> str:
    return f"{addresses.api_url}/openapi.json"


def _ask_for_first_answer(addresses: Addresses) -> None:
    """Has the first function process started. Raises DeployFailed with what it says instead."""
    answer = urllib3.request("GET", _contract(addresses), timeout=30, retries=False)
    if answer.status != 200:
        raise DeployFailed(f"{_contract(addresses)}: {answer.status} {answer.data.decode()}")


@contextmanager
def _announced(
    addresses: Addresses,
    agents: tuple[LocalAgent, ...],
    merchants: tuple[LocalMerchant, ...],
    directory: Path,
) -> Iterator[None]:
    """`stack.json` is there exactly while the stack is.

    A stack with a directory below `.local/` stands in `.local/stack.json` too, unless another runs
    there: who asks for one PORT and nothing else finds it at the usual place.
    """
    seeded = {
        "merchants": [merchant._asdict() for merchant in merchants],
        "agents": [agent._asdict() for agent in agents],
    }
    told = json.dumps(asdict(addresses) | seeded, indent=2) + "\n"
    directories = [directory]
    if directory.parent == directory_of(None) and find(directory.parent) is None:
        directories.append(directory.parent)
    for one in directories:
        unfinished = one / f"{STACK_FILE}.{os.getpid()}"
        unfinished.write_text(told)
        unfinished.replace(one / STACK_FILE)
    try:
        yield
    finally:
        for file in (one / STACK_FILE for one in directories):
            if file.exists() and file.read_text() == told:
                file.unlink()
