"""Each cause for which money does not move, found in the records, told in both languages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app import app
from shared.causes import REFUSALS
from shared.diagnosis import explain
from shared.errors import Problem
from shared.ledger.accounts import set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import stored_platforms
from tests.edge import Answer
from tests.functions.bank_cards import bind, start_binding, top_up, unused_phone
from tests.functions.topups.test_top_up import EXPIRED, FROZEN, LACKS_FUNDS
from tests.functions.withdrawals.asking import withdraw
from tests.people import PASSWORD, PAY_PASSWORD, Person, fund, register
from tests.sandbox.running import CREDIT, RunningBank
from tests.shops import Shop, open_shop, operator, pay


@dataclass
class World:
    """Noon in Shanghai on 1 March 2026; Ana has ¥100.00."""

    ana: Person
    bo: Person
    shop: Shop
    bank: RunningBank
    clock: TestClock
    patch: pytest.MonkeyPatch

    def set(self, name: str, value: object) -> None:
        self.patch.setenv(name, str(value))
        settings.cache_clear()

    def pays(self, amount: int = 1_000, *, key: str = "k", **more: object) -> Answer:
        return pay(self.ana, self.shop.order(amount), key=key, **more)


@pytest.fixture
def world(ana: Person, bo: Person, bank: RunningBank, test_clock: TestClock) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        fund(ana.user_id, 10_000)
        yield World(ana, bo, open_shop(), bank, test_clock, patch)
    settings.cache_clear()


def short_of_funds(world: World) -> Answer:
    return world.pays(12_550)


def above_the_limit_of_a_day(world: World) -> Answer:
    world.set("PAYMENT_DAY_LIMIT_MINOR", 1_500)
    assert world.pays(1_000, key="first").status == 201
    return world.pays(501)


def above_the_limit_at_once(world: World) -> Answer:
    world.set("TRANSFER_LIMIT_MINOR", 500)
    return world.ana.send(world.bo, 501, key="k")


def frozen(world: World) -> Answer:
    set_status(world.ana.user_id, "frozen")
    return world.ana.send(world.bo, 100, key="k")


def closed(world: World) -> Answer:
    poor = register(unused_phone())
    set_status(poor.user_id, "closed")
    return pay(poor, world.shop.order(), key="k")


def without_pay_password(world: World) -> Answer:
    newcomer = register(unused_phone(), pay_password=False)
    return newcomer.send(world.bo, 100, key="k")


def wrong_pay_password(world: World) -> Answer:
    return world.pays(pay_password="271828")


def locked_pay_password(world: World) -> Answer:
    for number in range(settings().pay_password_tries):
        world.pays(key=str(number), pay_password="271828")
    return world.pays()


def cooling_down(world: World) -> Answer:
    fund(world.ana.user_id, 200_000)
    for pay_password in ("908172", PAY_PASSWORD):
        body = {"password": PASSWORD, "pay_password": pay_password}
        assert world.ana.call("PUT", "/v1/me/pay-password", body).status == 204
    return world.ana.send(world.bo, 100_001, key="k")


def one_more_step(world: World) -> Answer:
    fund(world.ana.user_id, 2_000_000)
    return world.ana.send(world.bo, 1_000_000, key="k")


def nobody_there(world: World) -> Answer:
    body = {"payee": {"phone": "+8613700000001"}, "amount": 1, "currency": "CNY"}
    asked = body | {"pay_password": PAY_PASSWORD}
    return world.ana.call("POST", "/v1/transfers", asked, key="k")


def payee_closed(world: World) -> Answer:
    set_status(world.bo.user_id, "closed")
    return world.ana.send(world.bo, 100, key="k")


def to_oneself(world: World) -> Answer:
    return world.ana.send(world.ana, 100, key="k")


def merchant_disabled(world: World) -> Answer:
    order_id = world.shop.order()
    operator("disable", merchant_id=world.shop.merchant_id)
    return pay(world.ana, order_id, key="k")


def no_such_order(world: World) -> Answer:
    return pay(world.ana, "o_unknown", key="k")


def paid_by_oneself(world: World) -> Answer:
    order_id = world.shop.order()
    assert pay(world.ana, order_id, key="first").status == 201
    world.clock.move(minutes=5)
    return pay(world.ana, order_id, key="k")


def paid_by_another(world: World) -> Answer:
    fund(world.bo.user_id, 1_000)
    order_id = world.shop.order()
    assert pay(world.bo, order_id, key="first").status == 201
    return pay(world.ana, order_id, key="k")


def order_closed(world: World) -> Answer:
    order_id = world.shop.order()
    world.shop.call("POST", f"/v1/merchant/orders/{order_id}/close")
    return pay(world.ana, order_id, key="k")


def order_expired(world: World) -> Answer:
    order_id = world.shop.order(expires_in=60)
    world.clock.move(minutes=2)
    return pay(world.ana, order_id, key="k")


def topped_up_by(number: str) -> Callable[[World], Answer]:
    def with_card(world: World) -> Answer:
        return top_up(world.ana, bind(world.ana, world.bank, number), 500, key="k")

    with_card.__name__ = f"card_{number[-6:]}"
    return with_card


def bank_away(world: World) -> Answer:
    card_id = bind(world.ana, world.bank)
    world.bank.plan_fault("unavailable", times=3)
    return top_up(world.ana, card_id, 500, key="k")


def unbound_at_the_bank(world: World) -> Answer:
    card_id = bind(world.ana, world.bank)
    world.bank.plan_fault("dropped")
    assert world.ana.call("DELETE", f"/v1/cards/{card_id}").status == 503
    return top_up(world.ana, card_id, 500, key="k")


def card_removed(world: World) -> Answer:
    card_id = bind(world.ana, world.bank)
    assert world.ana.call("DELETE", f"/v1/cards/{card_id}").status == 204
    return withdraw(world.ana, card_id, 500, key="k")


def card_half_bound(world: World) -> Answer:
    card_id, _ = start_binding(world.ana)
    return top_up(world.ana, card_id, 500, key="k")


def to_a_credit_card(world: World) -> Answer:
    return withdraw(world.ana, bind(world.ana, world.bank, CREDIT), 500, key="k")


def no_such_platform(world: World) -> Answer:
    body = {"amount": 500, "currency": "CNY", "source": {"kind": "alipay"}}
    with stored_platforms({}):
        asked = body | {"pay_password": PAY_PASSWORD}
        return world.ana.call("POST", "/v1/top-ups", asked, key="k")


def fee_is_another(world: World) -> Answer:
    fund(world.ana.user_id, 300_000)
    return withdraw(world.ana, bind(world.ana, world.bank), 200_000, key="k", fee=0)


class Told(NamedTuple):
    """What must be said of a cause: code, who can mend it, in Chinese, in English, the facts."""

    status: int
    code: str
    who: str
    zh: str
    en: str
    facts: dict[str, Any]


MIDNIGHT = "2026-03-01T16:00:00.000Z"
CASES: list[tuple[Callable[[World], Answer], Told]] = [
    (short_of_funds, Told(
        422, "INSUFFICIENT_FUNDS", "you",
        "余额不足：可用余额 ¥100.00，还差 ¥25.50。",
        "The balance is short: ¥100.00 is available, ¥25.50 is missing.",
        {"available": 10_000, "missing": 2_550},
    )),
    (above_the_limit_of_a_day, Told(
        422, "LIMIT_EXCEEDED", "you",
        "超出每日支付限额 ¥15.00：目前还剩 ¥5.00，3月2日 00:00 恢复。",
        "This is above the limit for payments in one day, which is ¥15.00: ¥5.00 is left, and it "
        "begins anew at 2 Mar 00:00.",
        {"which": "payment_day", "limit": 1_500, "left": 500, "resets_at": MIDNIGHT},
    )),
    (above_the_limit_at_once, Told(
        422, "LIMIT_EXCEEDED", "you",
        "超出单笔转账限额 ¥5.00。", "This is above the limit per transfer, which is ¥5.00.",
        {"which": "transfer_once", "limit": 500},
    )),
    (frozen, Told(
        403, "ACCOUNT_FROZEN", "support",
        "您的钱包账户自 3月1日 12:00 起被冻结，不能转出资金。",
        "Your wallet has been frozen since 1 Mar 12:00 and cannot send money.",
        {"frozen_at": "2026-03-01T04:00:00.000Z"},
    )),
    (closed, Told(
        403, "ACCOUNT_CLOSED", "nobody",
        "钱包账户不存在，或已经注销。", "The wallet does not exist, or has been closed.", {},
    )),
    (without_pay_password, Told(
        422, "PAY_PASSWORD_NOT_SET", "you",
        "您还没有设置支付密码。", "You have not set a pay password yet.", {},
    )),
    (wrong_pay_password, Told(
        403, "WRONG_PAY_PASSWORD", "you",
        "支付密码错误，还可尝试 4 次。", "The pay password was wrong. Tries left then: 4.",
        {"tries_left": 4},
    )),
    (locked_pay_password, Told(
        423, "PAY_PASSWORD_LOCKED", "you",
        "支付密码输错次数过多，支付锁定至 3月1日 15:00。",
        "Too many wrong pay passwords: paying is locked until 1 Mar 15:00.",
        {"until": "2026-03-01T07:00:00.000Z"},
    )),
    (cooling_down, Told(
        403, "COOL_DOWN", "nobody",
        "您刚更改过账户的安全信息，在 3月2日 12:00 之前每天最多可转出 ¥1,000.00。",
        "Something that protects the account was changed: until 2 Mar 12:00 at most ¥1,000.00 a "
        "day can be sent.",
        {"until": "2026-03-02T04:00:00.000Z", "limit": 100_000},
    )),
    (one_more_step, Told(
        403, "STEP_UP_REQUIRED", "you",
        "这笔操作还需要一次验证。", "This takes one more step of verification.", {},
    )),
    (nobody_there, Told(
        422, "PAYEE_NOT_FOUND", "you",
        "没有找到可以收款的账户：它不存在，或已经注销。",
        "There is no account that can receive this: it does not exist, or has been closed.", {},
    )),
    (payee_closed, Told(
        422, "PAYEE_NOT_FOUND", "you",
        "没有找到可以收款的账户：它不存在，或已经注销。",
        "There is no account that can receive this: it does not exist, or has been closed.", {},
    )),
    (to_oneself, Told(
        422, "SELF_TRANSFER", "you",
        "付款方和收款方是同一个账户。", "Payer and payee are the same account.", {},
    )),
    (merchant_disabled, Told(
        422, "MERCHANT_NOT_ACTIVE", "merchant",
        "商户“Kafei”目前不能收款。", "Kafei cannot be paid at present.", {"merchant": "Kafei"},
    )),
    (no_such_order, Told(
        404, "NOT_FOUND", "you", "没有找到这个订单。", "There is no such order.", {},
    )),
    (paid_by_oneself, Told(
        409, "ORDER_PAID", "nobody",
        "这个订单已于 3月1日 12:00 由您支付，不会再次扣款。",
        "This order was paid by you on 1 Mar 12:00; it is not paid twice.",
        {"paid_by": "you", "paid_at": "2026-03-01T04:00:00.000Z", "merchant": "Kafei"},
    )),
    (paid_by_another, Told(
        409, "ORDER_PAID", "nobody",
        "这个订单已于 3月1日 12:00 由他人支付，不会再次扣款。",
        "This order was paid by somebody else on 1 Mar 12:00; it is not paid twice.",
        {"paid_by": "another", "paid_at": "2026-03-01T04:00:00.000Z", "merchant": "Kafei"},
    )),
    (order_closed, Told(
        409, "ORDER_CLOSED", "merchant",
        "商户“Kafei”已于 3月1日 12:00 关闭这个订单。", "Kafei closed this order on 1 Mar 12:00.",
        {"ended_at": "2026-03-01T04:00:00.000Z", "merchant": "Kafei"},
    )),
    (order_expired, Told(
        409, "ORDER_EXPIRED", "you",
        "订单的支付期限已于 3月1日 12:01 结束。",
        "The time to pay this order ended on 1 Mar 12:01.",
        {"expired_at": "2026-03-01T04:01:00.000Z", "merchant": "Kafei"},
    )),
    (topped_up_by(EXPIRED), Told(
        422, "CARD_EXPIRED", "you", "尾号 0004 的银行卡已过期。", "0004 has expired.",
        {"last4": "0004"},
    )),
    (topped_up_by(FROZEN), Told(
        422, "CARD_FROZEN", "bank",
        "尾号 0004 的银行卡已被银行冻结。", "0004 has been frozen by the bank.", {"last4": "0004"},
    )),
    (topped_up_by(LACKS_FUNDS), Told(
        422, "INSUFFICIENT_FUNDS", "you",
        "尾号 0006 的银行卡余额不足。", "0006 does not have so much.", {"last4": "0006"},
    )),
    (unbound_at_the_bank, Told(
        422, "CARD_NOT_BOUND", "you",
        "尾号 0008 的银行卡在银行已解绑。", "0008 is not bound at the bank any more.",
        {"last4": "0008"},
    )),
    (card_removed, Told(
        404, "NOT_FOUND", "you",
        "这张银行卡不在您的钱包里，可能已经解绑。",
        "This card is not in your wallet; it may have been removed.", {},
    )),
    (card_half_bound, Told(
        422, "CARD_NOT_ACTIVE", "you",
        "尾号 0008 的银行卡尚未完成绑定。", "The card 0008 is not bound yet.", {"last4": "0008"},
    )),
    (to_a_credit_card, Told(
        422, "CARD_KIND_NOT_ALLOWED", "you",
        "它不是借记卡。", "it is no debit card.", {"last4": "0007"},
    )),
    (bank_away, Told(
        503, "SERVICE_UNAVAILABLE", "nobody",
        "银行暂时无法连接，没有扣款。", "The bank cannot be reached at present; no money",
        {"provider": "bank"},
    )),
    (no_such_platform, Told(
        422, "SOURCE_NOT_AVAILABLE", "nobody",
        "暂不支持这种充值方式。", "This way to top up is not offered at present.", {},
    )),
    (fee_is_another, Told(
        409, "FEE_CHANGED", "you",
        "手续费现在是 ¥1.00，与您确认的不同。", "The fee is ¥1.00 by now, not what you confirmed.",
        {"fee": 100},
    )),
]  # fmt: skip


@pytest.mark.parametrize(("bring_about", "told"), CASES, ids=[one.__name__ for one, _ in CASES])
def test_a_refusal_tells_its_cause_and_is_found_later_in_both_languages(
    world: World, bring_about: Callable[[World], Answer], told: Told
) -> None:
    people: list[Person] = []
    call = Person.call

    def noted(person: Person, *given: Any, **more: Any) -> Answer:
        people.append(person)
        return call(person, *given, **more)

    world.patch.setattr(Person, "call", noted)
    refused = bring_about(world)
    world.patch.setattr(Person, "call", call)

    assert (refused.status, refused.code) == (told.status, told.code), refused.text
    diagnosis = refused.json["diagnosis"]
    assert (diagnosis["code"], diagnosis["who_can_mend"]) == (told.code, told.who)
    assert told.zh in diagnosis["cause"]
    assert told.facts.items() <= diagnosis.get("facts", {}).items()
    assert "{" not in refused.text.replace('{"', "").replace("{}", "")
    kept = {tag: kept_for(people[-1], told.code, tag) for tag in ("zh-CN", "en")}
    for tag, text in (("zh-CN", told.zh), ("en", told.en)):
        assert text in kept[tag]["diagnosis"]["cause"]
        assert kept[tag]["diagnosis"]["facts" if told.facts else "code"]
        assert kept[tag]["id"] == diagnosis["about"]["id"]
    said = {name: diagnosis[name] for name in ("cause", "next_step", "safe_to_retry")}
    assert said == {name: kept["zh-CN"]["diagnosis"][name] for name in said}
    assert len({kept[tag]["diagnosis"]["next_step"] for tag in kept}) == 2


def kept_for(person: Person, code: str, language: str) -> Any:
    """What a person finds among the failed attempts."""
    answer = person.call("GET", "/v1/me/failed-attempts", headers={"Accept-Language": language})
    (kept,) = [one for one in answer.json["items"] if one["diagnosis"]["code"] == code]
    return kept


def test_whatever_refuses_to_move_money_has_texts_of_its_own() -> None:
    moving = [one for one in app.operations if one.moves_money and one.scheme == "bearer"]
    assert len(moving) >= 4
    for operation in moving:
        assert operation.explain is not None, operation.path
        for problem in operation.problems:
            names = [one.__name__ for one in problem.__mro__ if one is not Problem]
            assert set(names) & REFUSALS.keys(), f"{operation.path}: {problem.__name__}"


def test_the_page_of_causes_names_every_code() -> None:
    page = (Path(__file__).parents[3] / "docs/diagnosis.md").read_text()
    moving = [one for one in app.operations if one.moves_money and one.scheme == "bearer"]
    codes = {problem.code for operation in moving for problem in operation.problems}
    assert [code for code in codes if f"`{code}`" not in page] == []


def test_every_text_can_be_said_without_any_fact() -> None:
    for kind in REFUSALS:
        problem = Problem.kinds.get(kind)
        if problem is None:
            continue
        empty = problem.__new__(problem)
        Problem.__init__(empty)
        said = [explain(empty, language=language) for language in ("zh", "en")]
        assert said[0].cause != said[1].cause
        assert "{" not in said[0].cause + said[1].next_step
