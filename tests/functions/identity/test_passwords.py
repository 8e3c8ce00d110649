"""Which passwords are refused, which never, and how they are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.identity import passwords
from functions.identity.passwords import WeakPassword, check_strength, hash_of, matches
from tests.conftest import FULL_STRENGTH

PHONE = "+8613907425816"


@pytest.fixture
def full_strength(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes as they are made in production."""
    for name, value in zip(("MEMORY_KIB", "PASSES"), FULL_STRENGTH, strict=True):
        monkeypatch.setattr(passwords, name, value)
    passwords._hasher.cache_clear()
    yield
    passwords._hasher.cache_clear()


def weakness(password: str) -> str | None:
    try:
        check_strength(password, phone=PHONE, field="password")
    except WeakPassword as problem:
        return str((problem.diagnosis or {})["reason"])
    return None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery 42",
        "correct horse battery staple",
        "jE8#vq2L",
        "tidal-copper-9-lantern",
        "我的猫在星期天早上六点钟唱歌",
        "🐳🦑🐙🦀🐡🐠🐟🐬",
        "пароль из четырёх слов",
        "        eight spaces",
        "a" * 20 + "b" * 20 + "quite some more",
        "my phone is 13907425816, but this is long",
        "uwallet tidal copper lantern",
        "monkeys paint slowly",
        "dragon boat over 7 rivers",
    ],
)
def test_a_phrase_that_is_hard_to_guess_is_taken(password: str) -> None:
    assert weakness(password) is None


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password",
        "PASSWORD",
        "password1",
        "Password123!",
        "p@ssw0rd",
        "P@$$w0rd2024",
        "monkey2024",
        "!!monkey!!",
        "iloveyou",
        "woaini1314",
        "woaini520",
        "5201314a",
        "qq123456",
        "a123456789",
        "letmein1",
        "sunshine",
        "ｐａｓｓｗｏｒｄ",
        "zhifubao",
        "taobao123",
    ],
)
def test_a_common_one_is_refused(password: str) -> None:
    assert weakness(password) == "COMMON"


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "87654321",
        "abcdefgh",
        "qwertyuiop",
        "1qaz2wsx",
        "11111111",
        "aaaaaaaaaaaaaaaa",
        "abcabcabc",
        "121212121212",
        "1234-1234-1234",
        "哈哈哈哈哈哈哈哈",
        "19900101",
        "1990-01-01",
        "!@#$%^&*",
        "12121212ab",
    ],
)
def test_a_pattern_is_refused(password: str) -> None:
    assert weakness(password) == "PATTERN"


@pytest.mark.parametrize(
    "password",
    [
        "13907425816",
        "+8613907425816",
        "8613907425816",
        "139-0742-5816",
        "139 0742 5816 abc",
        "x13907425816!",
        "07425816xyz",
        "１３９０７４２５８１６",
    ],
)
def test_the_phone_is_refused(password: str) -> None:
    assert weakness(password) == "PHONE"


@pytest.mark.parametrize(
    "password", ["uwallet123", "UWallet-2024", "u_wallet!!", "U Wallet 88", "u钱包u钱包1234"]
)
def test_the_name_of_the_service_is_refused(password: str) -> None:
    assert weakness(password) == "SERVICE_NAME"


def test_the_reason_is_given_in_both_languages() -> None:
    with pytest.raises(WeakPassword) as refused:
        check_strength("password", phone=PHONE, field="password")

    detail, values = WeakPassword.detail, refused.value.values
    assert "太常见" in detail.in_language("zh", values)
    assert "most common" in detail.in_language("en", values)


def test_every_listed_password_of_eight_characters_is_refused() -> None:
    listed = [word for word in passwords._common() if len(word) >= 8]

    assert len(listed) >= 3_000
    assert [word for word in listed if weakness(word) is None] == []


def test_the_list_says_where_it_is_from() -> None:
    text = Path(passwords.__file__).with_name("common_passwords.txt").read_text("utf-8")
    assert "zxcvbn" in text
    assert "MIT License" in text


@pytest.mark.usefixtures("full_strength")
def test_a_hash_is_argon2id_with_the_least_that_owasp_asks_for() -> None:
    kept = hash_of("correct horse")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches("correct horse", kept)


def test_a_hash_knows_its_password_to_the_last_character() -> None:
    long = "x" * 127
    kept = hash_of(long + "y")

    assert matches(long + "y", kept)
    assert not matches(long + "z", kept)
    assert not matches(long, kept)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_of("correct horse") != hash_of("correct horse")
