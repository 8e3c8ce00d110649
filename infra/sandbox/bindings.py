"""How a card is bound: a code goes to its phone, and the code gives the card its token."""

import hmac
import secrets
from dataclasses import dataclass, replace

from infra.sandbox.books import Binding, Books
from infra.sandbox.cards import behaviour_of, is_card_number
from infra.sandbox.outcome import Refusal, now
from infra.sandbox.text_message import NotSent, TextMessages

CODE_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    books: Books
    messages: TextMessages
    key: bytes
    code_seconds: int

    async def start(self, *, reference: str, number: str, holder_name: str, phone: str) -> Binding:
        """Sends a code to the phone, once for each reference."""
        if not is_card_number(number):
            raise Refusal(422, "WRONG_CARD_NUMBER")
        binding = self.books.binding_of_reference(reference) or self._open(
            reference=reference, number=number, holder_name=holder_name, phone=phone
        )
        if (binding.number, binding.holder_name, binding.phone) != (number, holder_name, phone):
            raise Refusal(409, "REFERENCE_REUSED")
        if not binding.code_sent:
            await self._send_code(binding)
        return binding

    def confirm(self, binding_id: str, code: str) -> Binding:
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

    def code_of(self, binding_id: str) -> str:
        """Six digits that only the bank can work out, so that no code needs to be stored."""
        digest = hmac.digest(self.key, f"binding code {binding_id}".encode(), "sha256")
        return f"{int.from_bytes(digest) % 1_000_000:06d}"

    def _open(self, *, reference: str, number: str, holder_name: str, phone: str) -> Binding:
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
