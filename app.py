"""The app: every operation of the wallet, and what runs by schedule.

Each domain brings its operations in an `api` and its scheduled functions in `events`. Only the
function that answers requests imports this module, for the others begin at their `events`. There it
leaves those out, and loads what few requests are for at the first of them.
"""

import gc

gc.disable()  # What is imported stays: to look through it again and again takes a sixth of a start.

import os
from collections.abc import Iterator

from chalice.app import Blueprint

from functions.diagnosis.api import api as diagnosis
from functions.identity.api import api as identity
from functions.notifications.api import api as notifications
from functions.payments.api import agent_api as payments_for_agents
from functions.payments.api import api as payments
from functions.payments.api import merchant_api as merchants
from functions.statements.api import api as statements
from functions.statements.api import merchant_api as statements_for_merchants
from functions.topups.api import api as topups
from functions.transfers.api import api as transfers
from functions.wallet.api import api as wallet
from functions.withdrawals.api import api as withdrawals
from shared.web import Api
from shared.web.app import WalletApp

DAILY = (
    identity,
    wallet,
    transfers,
    topups,
    withdrawals,
    payments,
    merchants,
    diagnosis,
    statements_for_merchants,
    notifications,
    statements,
    payments_for_agents,
)


def rarer() -> Iterator[Api]:
    """The domains that few requests are for, and what describes them all."""
    from functions.agents.api import api as agents
    from functions.identity.export_api import api as export
    from functions.reconciliation.api import api as reconciliation
    from functions.statements.api import agent_api as statements_for_agents
    from functions.support.api import api as support
    from functions.support.articles.api import api as articles
    from functions.support.chat.api import api as chat
    from functions.support.desk.api import api as support_desk
    from functions.support.hotline.api import agent_api as callbacks_for_agents
    from functions.support.hotline.api import api as callbacks
    from functions.support.mail.api import api as support_mails
    from functions.support.social.api import api as social
    from functions.support.unlock.api import agent_api as unlock_for_agents
    from functions.support.unlock.api import api as unlock
    from functions.withdrawals.settlements.api import api as settlements
    from shared.web.openapi import description_api

    yield from (agents, statements_for_agents, export)
    yield from (settlements, reconciliation, support, support_desk, support_mails, chat, articles)
    yield from (unlock, unlock_for_agents, callbacks, callbacks_for_agents, social)
    yield description_api(app.operations)


def background() -> Iterator[Blueprint]:
    """What schedules, streams, queues, sockets and state machines start."""
    from functions.agents.events import events as agent_events
    from functions.identity.events import events as identity_events
    from functions.notifications.events import events as notification_events
    from functions.payments.events import events as payment_events
    from functions.reconciliation.events import events as reconciliation_events
    from functions.statements.events import events as statement_events
    from functions.support.chat.events import events as chat_events
    from functions.support.events import events as support_events
    from functions.support.hotline.events import events as hotline_events
    from functions.support.mail.events import events as mail_events
    from functions.topups.events import events as topup_events
    from functions.transfers.events import events as transfer_events
    from functions.wallet.events import events as wallet_events
    from functions.withdrawals.events import events as withdrawal_events
    from functions.withdrawals.settlements.events import events as settlement_events
    from functions.withdrawals.steps import steps as withdrawal_steps

    yield from (identity_events, wallet_events, transfer_events, topup_events, withdrawal_events)
    yield from (withdrawal_steps, settlement_events, payment_events, notification_events)
    yield from (statement_events, agent_events, reconciliation_events, hotline_events)
    yield from (support_events, mail_events, chat_events)


app = WalletApp("u-wallet")
app.include(DAILY)
app.include_when_asked(rarer)

if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
    app.include_all()
    for blueprint in background():
        app.register_blueprint(blueprint)

gc.freeze()
gc.enable()
