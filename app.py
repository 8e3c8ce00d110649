"""The app: every operation of the wallet, and what runs by schedule.

Each domain brings its operations in an `api` and its scheduled functions in `events`.
"""

from functions.agents.api import api as agents
from functions.agents.events import events as agent_events
from functions.diagnosis.api import api as diagnosis
from functions.identity.api import api as identity
from functions.identity.events import events as identity_events
from functions.notifications.api import api as notifications
from functions.notifications.events import events as notification_events
from functions.payments.api import agent_api as payments_for_agents
from functions.payments.api import api as payments
from functions.payments.api import merchant_api as merchants
from functions.payments.events import events as payment_events
from functions.reconciliation.api import api as reconciliation
from functions.reconciliation.events import events as reconciliation_events
from functions.statements.api import agent_api as statements_for_agents
from functions.statements.api import api as statements
from functions.statements.api import merchant_api as statements_for_merchants
from functions.statements.events import events as statement_events
from functions.support.api import api as support
from functions.support.articles.api import api as articles
from functions.support.chat.api import api as chat
from functions.support.chat.events import events as chat_events
from functions.support.desk.api import api as support_desk
from functions.support.events import events as support_events
from functions.support.hotline.api import agent_api as callbacks_for_agents
from functions.support.hotline.api import api as callbacks
from functions.support.hotline.events import events as hotline_events
from functions.support.mail.api import api as support_mails
from functions.support.mail.events import events as mail_events
from functions.support.social.api import api as social
from functions.support.unlock.api import agent_api as unlock_for_agents
from functions.support.unlock.api import api as unlock
from functions.topups.api import api as topups
from functions.topups.events import events as topup_events
from functions.transfers.api import api as transfers
from functions.transfers.events import events as transfer_events
from functions.wallet.api import api as wallet
from functions.wallet.events import events as wallet_events
from functions.withdrawals.api import api as withdrawals
from functions.withdrawals.events import events as withdrawal_events
from functions.withdrawals.settlements.api import api as settlements
from functions.withdrawals.settlements.events import events as settlement_events
from functions.withdrawals.steps import steps as withdrawal_steps
from shared.web.app import WalletApp
from shared.web.openapi import description_api

app = WalletApp("u-wallet")

for domain in (
    identity,
    wallet,
    transfers,
    topups,
    withdrawals,
    payments,
    merchants,
    diagnosis,
    settlements,
    statements_for_merchants,
    notifications,
    statements,
    support,
    agents,
    statements_for_agents,
    support_desk,
    support_mails,
    payments_for_agents,
    reconciliation,
    chat,
    articles,
    unlock,
    unlock_for_agents,
    callbacks,
    callbacks_for_agents,
    social,
    description_api(app.operations),
):
    app.include(domain)

for background in (
    identity_events,
    wallet_events,
    transfer_events,
    topup_events,
    withdrawal_events,
    withdrawal_steps,
    settlement_events,
    payment_events,
    notification_events,
    statement_events,
    agent_events,
    reconciliation_events,
    hotline_events,
    support_events,
    mail_events,
    chat_events,
):
    app.register_blueprint(background)
