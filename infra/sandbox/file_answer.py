"""An answer that is sent piece by piece, so that no day is too long for the memory."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.sandbox.settlement import SettlementFile

PIECE_BYTES = 262_144


class FileAnswer(Response):
    def __init__(self, file: SettlementFile, *, media_type: str) -> None:
        super().__init__(media_type=media_type)
        self.file = file
        self.headers["Content-Length"] = str(file.size_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        with self.file.content as content:
            while piece := content.read(PIECE_BYTES):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
