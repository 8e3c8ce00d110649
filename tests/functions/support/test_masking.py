"""What must not be kept is masked, however it is typed; what is needed stays."""

import pytest

from functions.support.masking import mask

CARD = "6222021234567894"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "6222 0212 3456 7894",
        "6222-0212-3456-7894",
        "卡号６２２２０２１２３４５６７８９４",
        "6222　0212　3456　7894",
        "6222.0212.3456.7894",
        "4111 1111 1111 1111!",
        "card:4111111111111111,exp",
        "3782 822463 10005",
        "6222\n0212\n3456\n7894",
        "6222\u200b0212\u200b3456\u200b7894",
        "6222–0212–3456–7894",
        "我的卡是6222021234567894,谢谢",
        "id622202123456 7894x",
        "6222 0212 3456 7894 12/27 123",
        "6222021234567894123",
        "12/27 4111111111111111",
        "4111 1111 1111 1111 6222 0212 3456 7894",
    ],
)
def test_card_numbers(text: str) -> None:
    masked = mask(text)
    digits = "".join(one for one in masked.text if one.isdigit())
    assert masked.changed
    assert not any(card in digits for card in ("62220212", "41111111", "378282"))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("验证码123456", "123456"),
        ("验证码是 123456", "123456"),
        ("短信验证码：１２３４５６", "１２３４５６"),
        ("123456是我的验证码", "123456"),
        ("我收到的验证码 123 456", "123 456"),
        ("my code is 482910", "482910"),
        ("The OTP: 482-910 does not work", "482-910"),
        ("482910 is the code I got", "482910"),
        ("Your verification code 482910.", "482910"),
        ("CVV 123", "123"),
        ("pin=4821", "4821"),
        ("安全码是 987", "987"),
        ("动态密码 654321", "654321"),
        ("密码是hunter22", "hunter22"),
        ("我的支付密码是 802517，但不行", "802517"),
        ("登录密码：Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("密码为“correct horse battery”", "correct horse battery"),
        ("my password is correct horse battery 42", "correct horse battery 42"),
        ("Password: hunter22", "hunter22"),
        ("pwd=hunter22", "hunter22"),
        ("my pay password 802517", "802517"),
        ("I changed my password to Sommer2024!", "Sommer2024!"),
        ("passphrase is: open sesame now", "open sesame now"),
        ("token uwa_" + "a" * 52 + "B" * 43, "uwa_a"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345", "abcdefghij"),
    ],
)
def test_codes_passwords_and_tokens(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked.text
    assert masked.changed


@pytest.mark.parametrize(
    "text",
    [
        "付款失败了，怎么办？",
        "I forgot my password.",
        "忘记密码了，收不到验证码",
        "I never got the code, what now?",
        "订单 261129-480733 金额 1250.00 元",
        "Order 2026112900000000001 failed",
        "My phone is +8613812345678",
        "tk_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "2026-11-29 10:15:00",
        "The password page does not load.",
        "1234567890123",
    ],
)
def test_what_is_needed_stays(text: str) -> None:
    assert mask(text) == (text, False)


def test_an_agent_still_sees_which_card() -> None:
    assert mask(f"Card {CARD}").text.endswith("7894")


@pytest.mark.parametrize("text", ["1 " * 4_000, "密码" * 4_000, "code 1" * 2_000, "a" * 20_000])
def test_no_text_keeps_it_busy(text: str) -> None:
    mask(text)
