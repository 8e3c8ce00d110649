"""The libraries that go into a zip: installed once per list of pins, and slimmed."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.archive import compile_sources, without_symbols

# For the machine that runs the functions, whichever builds them: Lambda's Python 3.11 is on Amazon
# Linux 2, whose glibc is 2.26. What was made for a later one does not load there.
GLIBC = (2, 26)
INSTALL = (
    "-m pip install -qq --no-deps --no-compile --only-binary=:all: --implementation cp "
    "--no-binary=python-alipay-sdk "  # pure Python, which comes as its source only
    "--python-version 3.11 --platform manylinux2014_x86_64 "
    f"--platform manylinux_{GLIBC[0]}_{GLIBC[1]}_x86_64"
).split()

# Services whose clients the functions may make; the descriptions of all others stay out.
AWS_SERVICES = frozenset(
    {
        "apigatewaymanagementapi",
        "dynamodb",
        "events",
        "kms",
        "s3",
        "secretsmanager",
        "ses",
        "sesv2",
        "sns",
        "sqs",
        "stepfunctions",
        "sts",
    }
)

# What no function ever opens.
DEAD_WEIGHT = (
    "bin",
    "*.dist-info/[!LlN]*",  # licences and notices stay
    "boto3/data",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json",
    "cffi",  # only its compiled `_cffi_backend` runs
    "chalice",  # `chalice package` adds the two files of it that run
    "aws_lambda_powertools/event_handler",  # Chalice routes
    "aws_lambda_powertools/utilities/auth_alpha",
    "aws_lambda_powertools/utilities/circuit_breaker",
    "aws_lambda_powertools/utilities/idempotency",  # the ledger's own costs no call
    "aws_lambda_powertools/utilities/streaming",
    "aws_lambda_powertools/utilities/data_masking",  # these four need what is not installed
    "aws_lambda_powertools/utilities/kafka",
    "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/validation",
    "certifi",  # botocore has a list of authorities of its own, and would take this one
    "charset_normalizer",
    "cryptography/fernet.py",
    "cryptography/hazmat/asn1",
    "cryptography/hazmat/primitives/kdf",
    "cryptography/hazmat/primitives/twofactor",
    "Cryptodome/SelfTest",  # of this one only RSA signatures and what reads their keys run
    "Cryptodome/Cipher/[BCPS]*",
    "Cryptodome/Cipher/_mode_*",
    "Cryptodome/Cipher/_raw_[bceo]*",
    "Cryptodome/Hash/[KPTck]*",
    "Cryptodome/Hash/_[gkp]*",
    "Cryptodome/Protocol/[DHS]*",
    "Cryptodome/PublicKey/[DE]*",
    "Cryptodome/PublicKey/_[cemnp]*",
    "Cryptodome/Signature/[De]*",
    "idna",
    "dateutil/zoneinfo/*.tar.gz",  # the system and Python have the zones as well
    "phonenumbers/carrierdata",
    "phonenumbers/geodata",
    "phonenumbers/shortdata/region_*",
    "phonenumbers/tzdata",
    "pycparser",
    "requests",  # wechatpayv3 signs and verifies; our own client sends
    "segno/cli.py",
    "segno/helpers.py",
    "share",  # pages of its manual
    "wechatpayv3/async_",
    "wechatpayv3/core.*",
    "wrapt/*.c",
    "zxcvbn/__main__.py",
    "**/*.pyi",
    "**/py.typed",
)

# python-alipay-sdk imports it for merchants with certificates, and never calls it for us. Only its
# name stays: botocore would load the real one, and cffi with it, at each start.
HOLLOW = "OpenSSL"


def installed_dependencies(requirements: Path, cache: Path) -> Path:
    """The slimmed, compiled libraries of `requirements`: a folder, made when `cache` lacks it.

    The list must name every library with all it needs: nothing else is fetched.
    """
    recipe = requirements.read_bytes() + Path(__file__).read_bytes() + sys.version.encode()
    folder = cache / hashlib.sha256(recipe).hexdigest()[:16]
    if folder.exists():
        return folder
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=cache) as unfinished:
        libraries = Path(unfinished, "libraries")
        _install(requirements, libraries)
        _slim(libraries)
        compile_sources(libraries, sourceless=True)
        libraries.rename(folder)
    return folder


def _install(requirements: Path, target: Path) -> None:
    places = ["--target", str(target), "--requirement", str(requirements)]
    subprocess.run([sys.executable, *INSTALL, *places], check=True)


def _slim(libraries: Path) -> None:
    unused_services = (
        service
        for service in libraries.glob("botocore/data/*")
        if service.is_dir() and service.name not in AWS_SERVICES
    )
    dead = [path for pattern in DEAD_WEIGHT for path in libraries.glob(pattern)]
    for path in [*unused_services, *dead]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if (libraries / HOLLOW).exists():
        shutil.rmtree(libraries / HOLLOW)
        (libraries / HOLLOW).mkdir()
        (libraries / HOLLOW / "__init__.py").touch()
    for library in libraries.rglob("*.so"):
        library.write_bytes(without_symbols(library.read_bytes()))
