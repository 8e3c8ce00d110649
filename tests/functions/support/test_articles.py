"""Help articles: found in the words in which people ask, in both languages, and true."""

import re
from urllib.parse import urlencode

import pytest

from functions.support.articles.library import LANGUAGES, library
from shared.settings import settings
from tests.edge import Answer, call
from tests.functions.identity.asking import OTHER_PHONE, PHONE
from tests.people import register

ARTICLES = "/v1/support/articles"
EXPECTED = {
    "payment-failed": [
        "为什么付不了款", "我的钱扣了但是商家没收到", "支付一直报错", "付款被拒绝了",
        "my payment was declined", "I paid but the shop says they got nothing",
        "why can't I pay", "there was an error when I paid",
    ],
    "forgot-password": [
        "密码想不起来了", "登录密码忘了怎么重新设置", "怎么找回密码",
        "can't remember my password", "how to reset my login password",
    ],
    "locked-account": [
        "账号被锁了多久能解开", "输错太多次密码被锁住了", "锁", "我的帳戶被鎖定了",
        "how do I unlock my account?", "locked out after typing it wrong",
    ],
    "pay-password": ["支付密码输错五次", "六位数字的密码忘了", "forgot my payment PIN"],
    "top-up": [
        "用支付宝给钱包充钱", "充值半天没到账", "微信付了钱余额没变",
        "add money with Alipay", "top up still pending",
    ],
    "withdraw": [
        "提现到银行卡要多久", "提现要手续费吗", "怎么把余额转到我的银行卡", "提現沒到帳",
        "how long does it take to cash out", "withdrawal fee", "my bank did not get the payout",
    ],
    "keep-safe": [
        "怎么才能不被骗", "有人打电话说是客服要我的验证码", "怎样开启两步验证",
        "someone pretending to be support asked for my code", "how do I turn on two factor",
    ],
    "refunds": [
        "商家说已经退款但我没收到", "买错东西怎么退钱", "where's my refund", "return an item",
    ],
    "limits": ["一天最多可以转多少钱", "为什么说我超限额了", "maximum I can send per day"],
    "payment-code": ["付款码怎么用", "收银台扫我的码", "how do I pay at a till", "QR code expired"],
    "not-me": [
        "我没有登录过，有陌生设备", "钱被别人转走了", "账户冻结了怎么恢复",
        "someone logged into my account", "there's a transaction I didn't make",
        "unfreeze my account",
    ],
    "close-account": ["怎么删除账号", "我想销户", "delete my account"],
    "change-phone": ["我换号码了", "旧手机号已经停机", "I got a new number", "lost my sim card"],
    "verification-code": ["收不到短信验证码", "code never arrived", "didn't get the SMS"],
    "send-money": ["转错人了能撤回吗", "轉錯人怎麼辦", "sent money to wrong number"],
    "bind-card": ["银行卡绑不上", "怎么解绑银行卡", "my card can't be added"],
}  # fmt: skip
QUESTIONS = [(question, name) for name, asked in EXPECTED.items() for question in asked]


def found(question: str, **more: str) -> list[str]:
    answer = search(question, **more)
    return [item["article_id"] for item in answer.json["items"]]


def search(question: str, language: str = "zh-CN") -> Answer:
    path = f"{ARTICLES}?{urlencode({'q': question})}"
    answer = call("GET", path, headers={"Accept-Language": language})
    assert answer.status == 200, answer.text
    return answer


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_a_natural_question_finds_its_article_among_the_first_three(
    question: str, expected: str
) -> None:
    assert expected in found(question)[:3]


def test_most_questions_find_their_article_first() -> None:
    first = [found(question)[:1] == [name] for question, name in QUESTIONS]
    assert sum(first) / len(first) >= 0.85


def test_every_article_is_asked_for_in_the_table_and_there_in_both_languages() -> None:
    assert library().keys() == EXPECTED.keys()
    for languages in library().values():
        for language, article in languages.items():
            has_chinese = re.search("[\u4e00-\u9fff]", article.title + article.text)
            assert bool(has_chinese) is (language == "zh"), article.article_id
            assert len(article.text) > 150


def test_what_is_found_comes_in_the_language_of_who_asks() -> None:
    assert search("付款失败", "en").json["items"][0]["title"] == "A payment failed"
    assert search("payment failed", "zh-CN").json["items"][0]["title"] == "付款失败怎么办"


def test_what_nobody_wrote_about_finds_nothing() -> None:
    assert search("xylophone qwertz").json == {"items": [], "next_cursor": None}
    assert found("?!…") == []


def test_all_are_listed_page_by_page(cloud: None) -> None:
    names, path = [], f"{ARTICLES}?limit=7"
    while path:
        page = call("GET", path).json
        names += [item["article_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        path = f"{ARTICLES}?limit=7&cursor={cursor}" if cursor else ""
    assert names == sorted(EXPECTED)


def test_a_cursor_of_another_search_is_refused(cloud: None) -> None:
    cursor = call("GET", f"{ARTICLES}?limit=1").json["next_cursor"]
    assert call("GET", f"{ARTICLES}?q=refund&cursor={cursor}").code == "INVALID_CURSOR"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_says_the_numbers_that_hold(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_IN_LOCK_SECONDS", "1260")
    monkeypatch.setenv("TRANSFER_LIMIT_MINOR", "1234550")
    forget()
    said = [read(name, language) for name in ("locked-account", "limits")]
    monkeypatch.undo()
    forget()

    assert ("21 分钟" if language == "zh" else "21 minutes") in said[0]
    assert "12,345.50" in said[1]
    assert not re.search(r"\{\w+\}", "".join(said))


def test_articles_refer_to_articles_that_are_there() -> None:
    for language in LANGUAGES:
        titles = {languages[language].title for languages in library().values()}
        named = [
            title
            for languages in library().values()
            for title in re.findall(r"(?:见|见“|see )[“\"]([^”\"]+)[”\"]", languages[language].text)
        ]
        assert named
        for title in named:
            assert any(one.startswith(title) for one in titles), (language, title)


def test_an_article_that_is_not_there_is_a_404() -> None:
    for name in ("nothing", "..", "zh", "payment_failed"):
        assert call("GET", f"{ARTICLES}/{name}").code == "NOT_FOUND"


def test_who_is_about_to_write_is_shown_what_may_help(cloud: None) -> None:
    ana = register(PHONE, pay_password=False)
    draft = {"subject": "提现", "message": "你好，我昨天提现了五百块，到现在银行卡还没有收到钱。"}
    shown = ana.call("POST", "/v1/support/suggestions", draft).json
    assert shown["articles"][0]["article_id"] == "withdraw"
    assert len(shown["articles"]) <= 3

    english = {"Accept-Language": "en"}
    draft = {"subject": "", "message": "Hello, a shop gave me my money back but nothing came"}
    shown = ana.call("POST", "/v1/support/suggestions", draft, headers=english).json
    assert "Where is my refund" in [one["title"] for one in shown["articles"]]
    nothing = ana.call("POST", "/v1/support/suggestions", {}).json
    assert nothing == {"articles": [], "last_failure": None}


def test_who_has_met_a_failure_is_shown_why_before_writing() -> None:
    ana, bo = register(PHONE), register(OTHER_PHONE)
    assert ana.send(bo, 500, key="1").code == "INSUFFICIENT_FUNDS"

    shown = ana.call("POST", "/v1/support/suggestions", {}).json
    failure = shown["last_failure"]
    assert (failure["kind"], failure["amount"]) == ("transfer", 500)
    assert failure["diagnosis"]["code"] == "INSUFFICIENT_FUNDS"
    assert failure["would_pass_now"] is False
    assert [one["article_id"] for one in shown["articles"]] == ["send-money"]
    nobody = bo.call("POST", "/v1/support/suggestions", {}).json
    assert nobody == {"articles": [], "last_failure": None}


def read(name: str, language: str) -> str:
    answer = call("GET", f"{ARTICLES}/{name}", headers={"Accept-Language": language})
    assert answer.status == 200, answer.text
    text: str = answer.json["text"]
    return text


def forget() -> None:
    settings.cache_clear()
    library.cache_clear()
