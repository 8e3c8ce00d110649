"""What differs from place to place, read once from the environment.

Every number marked [C] in the security brief is a field here. An environment variable of the
field's name in upper case overrides its default; `.chalice/config.json` sets them per stage.
Amounts are minor units (分), durations are seconds.
"""

import os
from functools import cache

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    stage: str = "local"
    ledger_table: str = "u-wallet-local-ledger"
    records_table: str = "u-wallet-local-records"
    settlement_bucket: str = "u-wallet-local-settlement"
    keys_secret: str = "u-wallet-local-keys"
    bank_secret: str = "u-wallet-local-bank"
    platforms_secret: str = "u-wallet-local-platforms"
    social_secret: str = "u-wallet-local-social"
    data_key: str = "alias/u-wallet-local-data"
    bank_url: str = "http://127.0.0.1:1"
    bank_request_lifetime_seconds: int = 300
    clocks_differ_seconds: int = 60
    withdrawal_machine: str = (
        "arn:aws:states:ap-southeast-1:123456789012:stateMachine:u-wallet-local-withdrawal"
    )
    web_origins: str = ""
    time_zone: str = "Asia/Shanghai"
    codes_countries: str = "CN,HK,MO,TW,SG,MY"
    sms_sender_id: str = "UWallet"
    app_versions: str = (
        '{"android": {"latest": "1.0.0", "minimum": "1.0.0"},'
        ' "ios": {"latest": "1.0.0", "minimum": "1.0.0"}}'
    )
    mail_from: str = "no-reply@u-wallet.example"
    mail_configuration_set: str = ""  # none: nobody tells us of bounces
    mail_stop_seconds: int = 7_776_000
    push_application_ios: str = ""  # the ARN of a platform application of SNS; none: no push
    push_application_android: str = ""
    tracing: str = "off"
    chat_sockets_url: str = "http://127.0.0.1:1"  # where API Gateway takes what we write to sockets
    checkout_url: str = "https://pay.u-wallet.example/orders"
    qr_url: str = "https://pay.u-wallet.example/q"
    notify_private_addresses: str = "off"

    body_limit_bytes: int = 65_536
    page_size: int = 20
    page_size_limit: int = 100

    code_valid_seconds: int = 300
    code_resend_seconds: int = 60
    code_tries: int = 5
    code_failures_per_day: int = 20
    codes_per_phone_per_day: int = 10
    codes_per_address_per_hour: int = 30
    code_prefix_digits: int = 7
    codes_per_prefix_per_hour: int = 200
    codes_per_prefix_per_day: int = 1_000
    codes_in_all_per_day: int = 200_000
    codes_in_all_shards: int = 16
    codes_per_user_per_day: int = 20
    challenge_seconds: int = 300
    second_factor_tries_per_hour: int = 10
    attempts_per_address_per_hour: int = 200
    sign_in_tries: int = 5
    sign_in_lock_seconds: int = 900
    pay_password_tries: int = 5
    pay_password_lock_seconds: int = 10_800
    access_token_seconds: int = 900
    refresh_retry_seconds: int = 30
    session_seconds: int = 2_592_000
    sessions_per_user: int = 20
    cool_down_seconds: int = 86_400
    password_renew_seconds: int = 15_552_000
    strength_looks_per_hour: int = 60
    security_events_kept_seconds: int = 15_552_000
    data_key_seconds: int = 300
    agent_invitation_seconds: int = 86_400
    agent_session_seconds: int = 43_200
    agent_tries_per_address_per_hour: int = 120
    approval_seconds: int = 604_800
    audit_kept_seconds: int = 157_852_800
    notice_wait_seconds: int = 60
    notice_tries: int = 10
    notice_kept_seconds: int = 2_592_000
    legal_keeping_seconds: int = 157_852_800  # five years, with both leap days

    transfer_limit_minor: int = 5_000_000
    transfer_day_limit_minor: int = 20_000_000
    top_up_limit_minor: int = 5_000_000
    top_up_day_limit_minor: int = 20_000_000
    withdrawal_limit_minor: int = 5_000_000
    withdrawal_day_limit_minor: int = 20_000_000
    withdrawal_fee_basis_points: int = 10  # 0.10 % of what is not free
    withdrawal_fee_minimum_minor: int = 10
    withdrawal_free_per_month_minor: int = 100_000
    withdrawal_delay_seconds: int = 7_200
    withdrawal_clearance_seconds: int = 604_800
    withdrawal_first_pause_seconds: int = 20
    withdrawal_pause_seconds: int = 3_600
    withdrawal_grace_seconds: int = 120
    withdrawal_submissions: int = 6
    withdrawal_asks: int = 240
    new_card_seconds: int = 86_400
    unguarded_day_limit_minor: int = 100_000
    new_device_seconds: int = 86_400
    new_device_day_limit_minor: int = 500_000
    payment_limit_minor: int = 5_000_000
    payment_day_limit_minor: int = 20_000_000
    payment_limits: str = ""
    small_payment_limit_minor: int = 20_000
    small_payment_day_limit_minor: int = 100_000
    payment_code_seconds: int = 60
    payment_codes_per_minute: int = 10
    payment_codes_per_day: int = 1_000
    wrong_payment_codes_per_hour: int = 100  # of one merchant
    charge_confirm_seconds: int = 120
    merchant_fee_basis_points: int = 60  # 0.60 % of what is paid
    order_expires_seconds: int = 900
    collect_code_seconds: int = 86_400
    refunds_per_order: int = 50
    settlement_at: str = "03:30"  # by the local clock; off: only when a merchant asks
    settlement_minimum_minor: int = 100
    settlement_reserve_minor: int = 0
    events_kept_seconds: int = 7_776_000
    event_watch_seconds: int = 40
    risk_rules: str = ""
    bank_hours: str = ""
    risk_decisions_kept_seconds: int = 31_536_000
    cards_per_user: int = 10
    card_bindings_per_day: int = 20
    top_up_lease_seconds: int = 30
    top_up_expires_seconds: int = 86_400
    checkout_seconds: int = 300  # as long as WeChat Pay keeps the address of its page

    reconciliation_starts_seconds: int = 7_200  # after the end of the day
    settlement_file_late_seconds: int = 28_800  # the same
    reconciliation_differences_limit: int = 10_000
    reconciliation_inquiries_limit: int = 50
    reconciliation_open_days: int = 30
    report_address_seconds: int = 300

    statement_bucket: str = "u-wallet-local-statements"
    statement_queue: str = ""
    statement_lines_limit: int = 200_000
    statement_pdf_lines_limit: int = 20_000
    statement_files_per_day: int = 20
    statement_file_tries: int = 3
    statement_file_seconds: int = 604_800  # as long as the bucket keeps it
    statement_link_seconds: int = 300
    statement_sums_kept_seconds: int = 31_536_000

    notifications_kept_seconds: int = 15_552_000
    notification_wait_seconds: int = 60
    notification_tries: int = 5

    support_days: str = "1234567"  # Monday is 1
    support_hours: str = "09:00-21:00"  # by the time zone above
    support_holidays: str = ""  # dates, separated by commas
    # First answer and solving, in seconds of business hours.
    support_promises: str = (
        '{"urgent": [900, 14400], "high": [3600, 28800],'
        ' "normal": [14400, 86400], "low": [28800, 172800]}'
    )
    support_teams: str = "general,payments,security"
    ticket_closes_seconds: int = 604_800
    attachments_per_user_per_day: int = 50
    tickets_per_user_per_day: int = 20
    ticket_messages_per_user_per_hour: int = 120
    support_bucket: str = "u-wallet-local-support"
    attachment_scan: str = "off"  # on: GuardDuty says which files are clean
    attachment_bytes_limit: int = 10_485_760
    attachment_link_seconds: int = 300
    ticket_messages_limit: int = 5_000
    reply_wait_seconds: int = 60
    reply_tries: int = 8

    support_mail_domain: str = ""  # the domain whose mail comes to support; none: no such mail
    mail_bucket: str = "u-wallet-local-mail"
    mail_kept_seconds: int = 63_072_000  # as long as the bucket keeps it
    mails_per_sender_per_hour: int = 30
    acknowledgements_per_sender_per_day: int = 5
    chat_authenticate_seconds: int = 10
    chat_frame_limit_bytes: int = 16_384
    chat_frames_per_minute: int = 120
    chat_messages_per_minute: int = 30
    chat_sockets_per_owner: int = 20  # as many as there can be sessions
    chat_sockets_per_address_per_hour: int = 600
    social_signature_seconds: int = 300
    social_messages_per_hour: int = 200
    hotline_call_seconds: int = 86_400
    callbacks_per_day: int = 3
    callback_tries: int = 3
    callback_lease_seconds: int = 1_800
    callback_pause_seconds: int = 7_200
    callback_kept_seconds: int = 7_776_000

    unlock_requests_per_day: int = 3
    unlock_requests_per_month: int = 6
    unlock_request_seconds: int = 259_200
    unlock_facts: int = 3
    unlock_facts_without_email: int = 5
    unlock_wait_seconds: int = 86_400  # where the bound mail was not proven
    unlock_kept_seconds: int = 15_552_000

    system_account_shards: int = 16
    merchant_account_shards: int = 8
    due_shards: int = 4
    refusal_kept_seconds: int = 7_776_000
    failed_attempts_per_day: int = 50


@cache
def settings() -> Settings:
    """The settings of this process. Raises ValueError for a number that is none."""
    given = {}
    for name, kind in Settings.__annotations__.items():
        text = os.environ.get(name.upper())
        if text is not None:
            given[name] = int(text) if kind is int else text
    return Settings(**given)  # type: ignore[arg-type]  # each value was converted above
