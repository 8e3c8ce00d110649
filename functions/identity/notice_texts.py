"""What owners are told about their account, in both languages. `{place}`s are filled by notices.

None holds a link: people must not learn to follow one out of a message.
"""

from enum import StrEnum

from shared.errors import Texts


class Notice(StrEnum):
    """What an owner is told of."""

    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    PAY_PASSWORD_CHANGED = "pay_password_changed"
    PAY_PASSWORD_LOCKED = "pay_password_locked"
    LOCKED = "locked"
    NEW_DEVICE = "new_device"
    PHONE_CHANGED = "phone_changed"
    EMAIL_CHANGED = "email_changed"
    TWO_FACTOR_ENABLED = "two_factor_enabled"
    TWO_FACTOR_DISABLED = "two_factor_disabled"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    DISPUTED = "disputed"
    UNLOCK_ASKED = "unlock_asked"
    UNLOCKED = "unlocked"
    UNLOCK_REFUSED = "unlock_refused"
    ACCOUNT_CLOSED = "account_closed"
    WITHDRAWAL_PAID = "withdrawal_paid"
    WITHDRAWAL_FAILED = "withdrawal_failed"
    WITHDRAWAL_REVERSED = "withdrawal_reversed"
    WITHDRAWAL_OVERDUE = "withdrawal_overdue"


SUBJECT = Texts("【U钱包】账户安全通知", "U Wallet: about the security of your account")
FRAME = Texts(
    "【U钱包】{told}如非本人操作，请立即重设登录密码并联系客服。",
    "U Wallet: {told} If this was not you, reset your password at once and contact support.",
)
TEXTS = {
    Notice.PASSWORD_CHANGED: Texts(
        "您的登录密码已更改，其他设备已退出登录。",
        "your password was changed, and all other devices were signed out.",
    ),
    Notice.PASSWORD_RESET: Texts(
        "您的登录密码已通过短信验证码重设，所有设备已退出登录。",
        "your password was reset by a code to your phone, and all devices were signed out.",
    ),
    Notice.PAY_PASSWORD_CHANGED: Texts(
        "您的支付密码已更改。", "the password that you pay with was changed."
    ),
    Notice.PAY_PASSWORD_LOCKED: Texts(
        "因支付密码连续输错，您的支付功能已锁定 {minutes} 分钟。",
        "after several wrong pay passwords you can't pay for {minutes} minutes.",
    ),
    Notice.LOCKED: Texts(
        "因密码连续输错，您的账户已锁定 {minutes} 分钟。重设登录密码可立即解锁。",
        "after several wrong passwords your account is locked for {minutes} minutes. "
        "Resetting the password unlocks it at once.",
    ),
    Notice.NEW_DEVICE: Texts(
        "您的账户在新设备 {device}（{place}）上登录。",
        "somebody signed in to your account on a new device: {device} ({place}).",
    ),
    Notice.PHONE_CHANGED: Texts(
        "您的账户已换绑手机号 {phone}，原手机号不再能登录。",
        "your account moved to the phone {phone}; the old one no longer opens it.",
    ),
    Notice.EMAIL_CHANGED: Texts(
        "您的账户已绑定邮箱 {email}。", "the mail address {email} was bound to your account."
    ),
    Notice.TWO_FACTOR_ENABLED: Texts(
        "您的账户已开启两步验证。", "two-factor sign-in was turned on for your account."
    ),
    Notice.TWO_FACTOR_DISABLED: Texts(
        "您的账户已关闭两步验证。", "two-factor sign-in was turned off for your account."
    ),
    Notice.RECOVERY_CODES_RENEWED: Texts(
        "您的两步验证恢复码已更新，旧的恢复码不再有效。",
        "new recovery codes were made for your account; the old ones are no longer good.",
    ),
    Notice.DISPUTED: Texts(
        "您报告了非本人操作。账户已冻结，所有设备已退出登录，客服会与您联系。",
        "you reported something that you did not do. Your account is frozen, all devices were "
        "signed out, and support will contact you.",
    ),
    Notice.UNLOCK_ASKED: Texts(
        "有人凭您手机收到的验证码申请客服解锁账户，客服会致电核实。",
        "somebody who knows a code that was sent to your phone asks support to unlock your "
        "account. Support will call you.",
    ),
    Notice.UNLOCKED: Texts(
        "客服已按申请解锁您的账户，原登录密码已失效，请用“忘记密码”设置新密码后登录。{factor}",
        "support has unlocked your account as asked. The old password is no longer good: choose "
        '"Forgot password" to set a new one, then sign in. {factor}',
    ),
    Notice.UNLOCK_REFUSED: Texts(
        "您的解锁申请未通过核实，账户没有变化。",
        "support could not make sure that it is you, so your account was not unlocked.",
    ),
    Notice.ACCOUNT_CLOSED: Texts(
        "您的账户已注销，手机号可以重新注册。",
        "your account was closed for good; the phone can be registered anew.",
    ),
    Notice.WITHDRAWAL_PAID: Texts(
        "您提现的 {amount} 已到账 {card}。", "your withdrawal of {amount} has arrived at {card}."
    ),
    Notice.WITHDRAWAL_FAILED: Texts(
        "您向 {card} 提现的 {amount} 未成功。{cause}资金已退回钱包。",
        "your withdrawal of {amount} to {card} failed. {cause} The money is back in your wallet.",
    ),
    Notice.WITHDRAWAL_REVERSED: Texts(
        "您向 {card} 提现的 {amount} 被银行退回。{cause}本金和手续费已退回钱包。",
        "your withdrawal of {amount} to {card} was sent back by the bank. {cause} Amount and fee "
        "are in your wallet again.",
    ),
    Notice.WITHDRAWAL_OVERDUE: Texts(
        "您向 {card} 提现的 {amount} 未按时到账。我们正在向银行核实，有结果会立即通知您，"
        "请勿再次提现。",
        "your withdrawal of {amount} to {card} is late. We are asking the bank and tell you as "
        "soon as we know. Please don't withdraw it again.",
    ),
}
