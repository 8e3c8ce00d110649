"""The zip holds all that runs and nothing else, and comes out the same each time."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from infra.archive import compile_sources
from infra.dependencies import AWS_SERVICES, GLIBC, installed_dependencies
from infra.package import BUILD, MADE, PROJECT, package
from infra.template import Json

LIMIT_BYTES = 12_000_000
LAMBDA_UNPACKED_BYTES = 250 * 1024 * 1024  # code and layers of a function together
UNCHECKED_HASH = (1).to_bytes(4, "little")


def run_in(task: Path, code: str, *arguments: str) -> str:
    """Runs code that sees the unpacked zip and the standard library, as in a function."""
    alone = f"import sys; sys.path.insert(0, {str(task)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", alone, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_REGION": "ap-southeast-1", "AWS_DEFAULT_REGION": "ap-southeast-1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def own_sources(task: Path) -> Iterator[Path]:
    yield task / "app.py"
    for folder in ("functions", "shared"):
        yield from sorted((task / folder).rglob("*.py"))


def test_app_imports_with_nothing_else_on_the_path(unpacked: Path) -> None:
    modules = run_in(
        unpacked,
        "import app; print(*(m.__file__ for m in list(sys.modules.values()) "
        "if getattr(m, '__file__', None)), sep='\\n')",
    ).splitlines()
    assert str(unpacked / "app.py") in modules
    assert not [path for path in modules if "site-packages" in path]


def test_app_imports_nothing_that_only_some_requests_need(unpacked: Path) -> None:
    loaded = run_in(unpacked, "import app; print(*sys.modules)").split()
    late = {"argon2", "boto3", "cryptography", "phonenumbers", "pyotp", "zxcvbn"}
    late |= {"Cryptodome", "OpenSSL.SSL", "alipay", "wechatpayv3"}
    late |= {"pydyf"}
    assert not late & set(loaded)


def test_compiled_libraries_load_where_the_functions_run(unpacked: Path) -> None:
    compiled = sorted(unpacked.rglob("*.so"))
    assert len(compiled) >= 5
    for library in compiled:
        needed = re.findall(rb"GLIBC_(\d+)\.(\d+)", library.read_bytes())
        assert max((int(major), int(minor)) for major, minor in needed) <= GLIBC, library.name


def test_what_is_sealed_opens_in_the_package(unpacked: Path) -> None:
    code = """
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
cipher, nonce = AESGCM(bytes(32)), bytes(12)
sealed = cipher.encrypt(nonce, b"phone", b"here")
assert cipher.decrypt(nonce, sealed, b"here") == b"phone"
try:
    cipher.decrypt(nonce, sealed, b"there")
except InvalidTag:
    print("kept")
"""
    assert run_in(unpacked, code).strip() == "kept"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_of_platforms_sign_and_verify_in_the_package(
    unpacked: Path, form: PrivateFormat
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, form, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    code = """
from base64 import b64encode
from urllib.parse import parse_qsl
from alipay import AliPay
from wechatpayv3 import utils
private, public = sys.argv[1:]
alipay = AliPay("app", app_private_key_string=private, alipay_public_key_string=public)
signed = dict(parse_qsl(alipay.client_api("x")))
signature = signed.pop("sign")
assert alipay._verify("&".join(f"{k}={v}" for k, v in sorted(signed.items())), signature)
assert not alipay._verify("x", signature)
key = utils.load_public_key(public)
assert not utils.rsa_verify("1", "n", "body", b64encode(bytes(256)), key)
print("signed")
"""
    assert run_in(unpacked, code, private.decode(), public.decode()).strip() == "signed"


def test_every_handler_of_the_template_can_be_called(unpacked: Path, template: Json) -> None:
    by_module = defaultdict(set)
    for item in template["Resources"].values():
        if item["Type"] == "AWS::Serverless::Function":
            module, _, name = item["Properties"]["Handler"].rpartition(".")
            by_module[module].add(name)
    assert by_module
    for module, names in by_module.items():
        all_of_it = f"all(callable(getattr(module, name)) for name in {names})"
        run_in(
            unpacked,
            f"import importlib; module = importlib.import_module({module!r})\nassert {all_of_it}",
        )


def test_package_has_our_code_and_its_data(unpacked: Path) -> None:
    for folder in ("functions", "shared"):
        ours = {
            path.relative_to(PROJECT)
            for path in (PROJECT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert ours
        assert not [path for path in ours if not (unpacked / path).is_file()]


def test_package_has_nothing_that_only_builds_or_tests(unpacked: Path) -> None:
    found = {path.name for path in unpacked.iterdir()}
    assert not found & {"infra", "tests", "vendor", "pip", "setuptools", "moto", "ministack"}
    assert {path.name for path in (unpacked / "chalice").glob("*.py")} == {"__init__.py", "app.py"}


def test_late_imports_find_their_library_in_the_package_or_the_layer(
    unpacked: Path, layer: Path
) -> None:
    wanted = set()
    for path in own_sources(unpacked):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted.add(node.module)
    run_in(
        unpacked,
        "import importlib\nsys.path.append(sys.argv[1])\n"
        "for name in sys.argv[2:]: importlib.import_module(name)",
        str(layer / "python"),
        *sorted(wanted),
    )


def test_layer_holds_the_pinned_libraries_of_the_background_and_nothing_else(layer: Path) -> None:
    pins = (PROJECT / "requirements-background.txt").read_text()
    pinned = {
        name.replace("-", "_").lower() for name in re.findall(r"^([\w-]+)==", pins, re.MULTILINE)
    }
    licences = {path.name for path in (layer / "python").glob("*.dist-info")}
    assert {name.partition("-")[0].lower() for name in licences} == pinned
    assert [path.name for path in layer.iterdir()] == ["python"]
    assert not list(layer.rglob("*.py"))


def test_the_layer_brings_nothing_that_the_package_has(unpacked: Path, layer: Path) -> None:
    """What lies in both would be of the version that comes first on the path."""
    assert not {path.name for path in unpacked.iterdir()} & {
        path.name for path in (layer / "python").iterdir()
    }


def test_package_and_layer_fit_into_a_function_together(unpacked: Path, layer: Path) -> None:
    files = [path for folder in (unpacked, layer) for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LAMBDA_UNPACKED_BYTES


def test_clients_of_the_named_services_can_be_made(unpacked: Path) -> None:
    run_in(
        unpacked,
        "import boto3\nfor name in sys.argv[1:]: boto3.client(name)",
        *sorted(AWS_SERVICES),
    )


def test_code_asks_for_no_service_whose_description_was_left_out(unpacked: Path) -> None:
    asked = {
        name
        for path in own_sources(unpacked)
        for name in re.findall(r"""client\(\s*["']([a-z0-9-]+)["']""", path.read_text())
    }
    assert asked
    assert asked <= AWS_SERVICES


def test_each_source_has_one_pyc_that_needs_no_look_at_it(unpacked: Path) -> None:
    for source in unpacked.rglob("*.py"):
        assert source.relative_to(unpacked).parts[0] in {"app.py", "chalice", "functions", "shared"}
        compiled = Path(importlib.util.cache_from_source(str(source)))
        content = compiled.read_bytes()
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert content[4:8] == UNCHECKED_HASH
        assert content[8:16] == importlib.util.source_hash(source.read_bytes())


def test_libraries_come_compiled_and_without_their_sources(archive: Path, unpacked: Path) -> None:
    assert archive.exists()
    libraries = installed_dependencies(PROJECT / "requirements.txt", BUILD / "libraries")
    modules = [path.relative_to(libraries) for path in libraries.rglob("*.py")]
    assert len(modules) > 500
    for module in modules:
        content = (unpacked / module).with_suffix(".pyc").read_bytes()
        assert content[:8] == importlib.util.MAGIC_NUMBER + UNCHECKED_HASH
        assert content[8:16] == importlib.util.source_hash((libraries / module).read_bytes())


def test_traceback_through_a_library_names_its_file_and_line(unpacked: Path) -> None:
    code = """
import traceback, jmespath
try:
    jmespath.compile("[")
except Exception as error:
    print(traceback.extract_tb(error.__traceback__)[-1].filename)
"""
    assert run_in(unpacked, code).strip() == "jmespath/parser.py"


def test_traceback_shows_the_line_where_it_was_unpacked(unpacked: Path) -> None:
    run_in(unpacked, "import app, inspect; assert 'app' in inspect.getsource(app)")
    code = "import shared.settings as s; print(s.settings.__wrapped__.__code__.co_filename)"
    assert run_in(unpacked, code).strip() == str(unpacked / "shared" / "settings.py")


def test_package_is_small_enough(archive: Path) -> None:
    assert archive.stat().st_size <= LIMIT_BYTES


def test_package_comes_out_the_same_in_another_place(archive: Path, tmp_path: Path) -> None:
    package(tmp_path)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (BUILD / name).read_bytes()
    assert archive.exists()


def test_libraries_compile_to_the_same_in_another_place(archive: Path, tmp_path: Path) -> None:
    assert archive.exists()
    before = installed_dependencies(PROJECT / "requirements.txt", BUILD / "libraries")
    again = tmp_path / "libraries"
    shutil.copytree(before, again, ignore=shutil.ignore_patterns("*.pyc"))
    compile_sources(again, sourceless=True)
    different = [
        path.relative_to(before)
        for path in before.rglob("*.pyc")
        if path.read_bytes() != (again / path.relative_to(before)).read_bytes()
    ]
    assert not different


@pytest.mark.parametrize("folder", ["functions", "shared"])
def test_vendor_links_to_our_code(folder: str) -> None:
    link = PROJECT / "vendor" / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..", folder)
