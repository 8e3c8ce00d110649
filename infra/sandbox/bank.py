"""What the bank does: binds cards by a code, takes money from them, and says what it has done."""

import csv
import hmac
import io
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as time_of_day

from infra.sandbox.books import Binding, Books, Charge
from infra.sandbox.cards import behaviour_of, is_card_number
from infra.sandbox.text_message import NotSent, TextMessages

CODE_TRIES = 5
CURRENCY = "CNY"
# The bank closes its day at midnight in China.
_BANK_TIME = timezone(timedelta(hours=8))


class Refusal(Exception):
    """The bank says no. `status` is HTTP's, `code` is stable; nothing was done."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class NoAnswer(Exception):
    """The caller is left waiting: what was done, if anything, stands in the books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    books: Books
    messages: TextMessages
    key: bytes
    code_seconds: int

    async def start_binding(
        self, *, reference: str, number: str, holder_name: str, phone: str
    ) -> Binding:
        """Sends a code to the phone, once for each reference."""
        if not is_card_number(number):
            raise Refusal(422, "WRONG_CARD_NUMBER")
        binding = self.books.binding_of_reference(reference) or self._open_binding(
            reference=reference, number=number, holder_name=holder_name, phone=phone
        )
        if (binding.number, binding.holder_name, binding.phone) != (number, holder_name, phone):
            raise Refusal(409, "REFERENCE_REUSED")
        if not binding.code_sent:
            await self._send_code(binding)
        return binding

    def confirm_binding(self, binding_id: str, code: str) -> Binding:
        """Gives the card its token. The right code again gives the same token again."""
        binding = self.books.binding(binding_id)
        if binding is None:
            raise Refusal(404, "BINDING_NOT_FOUND")
        if binding.wrong_codes >= CODE_TRIES:
            raise Refusal(422, "VERIFICATION_FAILED")
        if binding.card_token is None and now() >= binding.expires_at:
            raise Refusal(422, "CODE_EXPIRED")
        if not hmac.compare_digest(code.encode(), self.code_of(binding_id).encode()):
            self.books.count_wrong_code(binding_id)
            last_try = binding.wrong_codes + 1 == CODE_TRIES
            raise Refusal(422, "VERIFICATION_FAILED" if last_try else "WRONG_CODE")
        refusal = behaviour_of(binding.number).binding_refusal
        if refusal:
            raise Refusal(422, refusal)
        if binding.card_token is None:
            binding = replace(binding, card_token=f"card_{secrets.token_hex(16)}")
            self.books.bind(binding)
        return binding

    def unbind(self, card_token: str) -> None:
        """A token that is unknown or unbound already is left as it is."""
        self.books.unbind(card_token)

    def charge(self, *, reference: str, card_token: str, amount: int, currency: str) -> Charge:
        """Takes `amount` minor units from the card, once for each reference."""
        known = self.books.charge(reference)
        if known is None:
            return self._first_charge(reference, card_token, amount, currency)
        if (known.card_token, known.amount, known.currency) != (card_token, amount, currency):
            raise Refusal(409, "REFERENCE_REUSED")
        return known

    def find_charge(self, reference: str) -> Charge:
        charge = self.books.charge(reference)
        if charge is None:
            raise Refusal(404, "CHARGE_NOT_FOUND")
        return charge

    def settlement_file(self, day: date) -> str:
        """CSV of the money that moved on a day of the bank (midnight to midnight in China)."""
        midnight = datetime.combine(day, time_of_day(), _BANK_TIME)
        start = int(midnight.timestamp())
        end = int((midnight + timedelta(days=1)).timestamp())
        file = io.StringIO()
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("charge_id", "reference", "kind", "amount", "currency", "time"))
        for charge in self.books.succeeded_between(start, end):
            named = (charge.charge_id, charge.reference, "charge")
            lines.writerow((*named, charge.amount, charge.currency, text_of(charge.booked_at)))
        return file.getvalue()

    def code_of(self, binding_id: str) -> str:
        """Six digits that only the bank can work out, so that no code needs to be stored."""
        digest = hmac.digest(self.key, f"binding code {binding_id}".encode(), "sha256")
        return f"{int.from_bytes(digest) % 1_000_000:06d}"

    def _open_binding(
        self, *, reference: str, number: str, holder_name: str, phone: str
    ) -> Binding:
        binding = Binding(
            binding_id=f"bind_{secrets.token_hex(12)}",
            reference=reference,
            number=number,
            holder_name=holder_name,
            phone=phone,
            expires_at=now() + self.code_seconds,
        )
        self.books.open_binding(binding)
        return binding

    async def _send_code(self, binding: Binding) -> None:
        code = self.code_of(binding.binding_id)
        text = (
            f"【沙盒银行】验证码 {code} ，用于绑定尾号 {binding.number[-4:]} 的银行卡，"
            f"请勿告诉他人。Code {code} binds your card. Tell nobody."
        )
        try:
            await self.messages.send(phone=binding.phone, text=text)
        except NotSent as error:
            # The binding stays open: the same reference again sends the code again.
            raise Refusal(503, "BANK_UNAVAILABLE") from error
        self.books.mark_code_sent(binding.binding_id)

    def _first_charge(self, reference: str, card_token: str, amount: int, currency: str) -> Charge:
        card = self.books.bound_card(card_token)
        if card is None:
            raise Refusal(422, "CARD_NOT_BOUND")
        if currency != CURRENCY:
            raise Refusal(422, "CURRENCY_NOT_SUPPORTED")
        behaviour = behaviour_of(card.number)
        if behaviour.unavailable_times > self.books.times_turned_away(reference):
            self.books.turn_away(reference)
            raise Refusal(503, "BANK_UNAVAILABLE")
        if behaviour.charge_silence == "lost":
            raise NoAnswer
        charge = Charge(
            charge_id=f"chg_{secrets.token_hex(12)}",
            reference=reference,
            card_token=card_token,
            amount=amount,
            currency=currency,
            status="declined" if behaviour.charge_decline else "succeeded",
            reason=behaviour.charge_decline,
            booked_at=now(),
        )
        self.books.book(charge)
        if behaviour.charge_silence == "executed":
            raise NoAnswer
        return charge


def now() -> int:
    """Unix seconds. The bank has a clock of its own, which no test of the wallet can move."""
    return int(time.time())


def text_of(moment: int) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
