"""What the hotline says, in both languages: the flow itself holds no words but its first question.

A text for each outcome of each step, and the questions that the flow asks.
"""

from shared.errors import Texts

QUESTIONS = {
    "menu": Texts(
        "查询最近一笔提现，请按1。描述问题并转人工，请按2。预约回电，请按3。人工服务，请按0。",
        "For your last withdrawal press 1. To open a ticket or name one, press 2. To be called "
        "back press 3. For a person press 0.",
    ),
    "ask_code": Texts("请输入短信中的六位验证码。", "Enter the six digits of the text message."),
    "ask_number": Texts(
        "已有工单，请输入十二位工单号；没有，请按井号键。",
        "If you have a ticket, enter its twelve digits. If not, press the pound key.",
    ),
    "ask_topic": Texts(
        "我们会给您回电。付款或转账请按1，充值或提现请按2，登录或安全请按3，其他请按4。",
        "We will call you back. For payments and transfers press 1, for top-ups and withdrawals 2, "
        "for signing in and safety 3, for anything else 4.",
    ),
    "goodbye": Texts("感谢来电，再见。", "Thank you for calling. Goodbye."),
}
_WELCOME = Texts(
    "欢迎致电U钱包。客服不会向您索要密码或支付密码。",
    "Welcome to U Wallet. We never ask for your password or pay password.",
)
_TOO_MANY = Texts("操作过于频繁，请稍后再试。", "Too often. Please try again later.")
_UNAVAILABLE = Texts("系统繁忙，请稍后再试。", "The service is busy. Please try again later.")
_WITHHELD = Texts(
    "您的号码未显示，无法发送验证码或回电。",
    "Your number is withheld, so we can't send a code or call you back.",
)
SAYINGS: dict[tuple[str, str], Texts] = {
    ("greet", "number"): _WELCOME,
    ("greet", "withheld"): _WELCOME,
    ("send_code", "sent"): Texts("验证码已发送到您的手机。", "A code was sent to your phone."),
    ("send_code", "verified"): Texts("您已通过验证。", "You are verified already."),
    ("send_code", "not_served"): Texts(
        "暂时无法向您的号码发送验证码。", "We can't send codes to your number."
    ),
    ("verify", "verified"): Texts("验证通过。", "Thank you, that is right."),
    ("verify", "wrong_code"): Texts("验证码错误。", "That code is wrong."),
    ("verify", "code_expired"): Texts(
        "验证码已失效，请重新获取。", "That code is no longer good. Ask for a new one."
    ),
    ("ticket", "opened"): Texts("已为您创建工单，编号 {spoken}。", "Your ticket is {spoken}."),
    ("ticket", "found"): Texts("已找到工单 {spoken}。", "We have found your ticket {spoken}."),
    ("ticket", "not_found"): Texts(
        "没有找到该工单；查询已有工单须先通过验证。",
        "There is no such ticket. To name one you must be verified first.",
    ),
    ("withdrawal", "not_verified"): Texts(
        "请先通过短信验证。", "You must be verified by a text message first."
    ),
    ("call_back", "booked"): Texts(
        "已登记，我们会在服务时间回电。", "Noted. We will call you back in our hours."
    ),
}


def saying(step: str, outcome: str) -> Texts:
    """What is said of an outcome; a few are the same in all steps."""
    shared = {"too_many": _TOO_MANY, "unavailable": _UNAVAILABLE, "withheld": _WITHHELD}
    return SAYINGS.get((step, outcome)) or shared[outcome]
