"""The edge of the live chat: from a frame to the one function that an action calls, and back.

As with a request: who is it (401), may they do this (403), is the frame well formed (400, 413), how
often (429), then the one function. Nothing is kept in a container: any may get any frame.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from functions.identity.tokens import Place
from functions.support.chat.authentication import authenticate
from functions.support.chat.models import Authenticate, FrameIn, FrameOut, FramesIn, Refusal
from functions.support.chat.parties import is_agent
from functions.support.chat.records import Socket
from functions.support.chat.sockets import answer, check_of, close, find_socket
from functions.support.desk.access import SUPPORT
from shared import clock
from shared.errors import Problem, Texts
from shared.observability import flush, logger
from shared.rate_limit import Window, take
from shared.settings import settings
from shared.table import read
from shared.web.body import convert, parse_json
from shared.web.operation import Call
from shared.web.problems import RoleRequired, Unauthenticated

F = TypeVar("F", bound=FrameIn)
Act = Callable[[Call[F]], FrameOut | None]
_MINUTE_SECONDS = 60
_FRAMES: Any = FramesIn


class FrameTooLarge(Problem):
    status = 413
    code = "FRAME_TOO_LARGE"
    title = Texts("消息过大", "Frame too large")
    detail = Texts("一帧最大 {limit} 字节。", "A frame may have at most {limit} bytes.")


class Action(NamedTuple):
    """What is done with a kind of frame; AsyncAPI is made from these.

    answers: what goes back to the socket that has asked, if anything does.
    for_agents: whether only agents may. is_message: whether the narrower limit holds too.
    """

    act: Callable[[Call[Any]], FrameOut | None]
    answers: type[FrameOut] | None
    problems: tuple[type[Problem], ...]
    for_agents: bool
    is_message: bool


class Frames:
    """What is done with which frame."""

    def __init__(self) -> None:
        self.actions: dict[type[FrameIn], Action] = {}

    def action(
        self,
        frame: type[F],
        *,
        answers: type[FrameOut] | None = None,
        problems: tuple[type[Problem], ...] = (),
        for_agents: bool = False,
        is_message: bool = False,
    ) -> Callable[[Act[F]], Act[F]]:
        """Registers a function as what is done with a kind of frame, after `authenticate`."""

        def register(act: Act[F]) -> Act[F]:
            self.actions[frame] = Action(act, answers, problems, for_agents, is_message)
            return act

        return register

    def serve(self, text: str, *, socket_id: str, request_id: str) -> None:
        """Answers one frame. Whatever goes wrong, the client gets a refusal and nobody a trace."""
        logger.append_keys(request_id=request_id, user_id=None)
        call, code = _call(request_id), None
        try:
            reply = self._reply(call, find_socket(socket_id), text)
            if reply is not None:
                answer(socket_id, _answering(reply, call))
        except Exception as error:  # the one error path, as that of requests
            problem = error if isinstance(error, Problem) else Problem()
            if problem.status >= 500:
                logger.exception("frame_failed")
            code = problem.code
            answer(socket_id, _answering(_refusal(problem, call), call))
            if isinstance(problem, Unauthenticated):
                close(socket_id)
        logger.info("frame", extra={"frame": type(call.body).__name__, "code": code})
        flush()

    def _reply(self, call: Call[Any], socket: Socket | None, text: str) -> FrameOut | None:
        if socket is None:
            raise Unauthenticated
        call.language, call.address = socket.language, socket.address
        refusal = _understand(call, text)
        if isinstance(call.body, Authenticate):
            return authenticate(call.body, socket, call)
        _know(call, socket)
        if refusal:
            raise refusal
        action = self.actions[type(call.body)]
        if action.for_agents and not is_agent(call):
            raise RoleRequired
        take(_limits(call.user_id, is_message=action.is_message))
        return action.act(call)


def _call(request_id: str) -> Call[Any]:
    return Call(
        body=None,
        query=None,
        path={},
        language="zh",
        request_id=request_id,
        address="",
        country="",
        user_agent="",
    )


def _understand(call: Call[Any], text: str) -> Problem | None:
    """Fills the call from the frame. A refusal is given back, not raised: 401 comes first."""
    limit = settings().chat_frame_limit_bytes
    try:
        if len(text.encode(errors="surrogatepass")) > limit:
            raise FrameTooLarge(limit=limit)
        call.body = convert(parse_json(text), _FRAMES)
    except Problem as refusal:
        return refusal
    return None


def _know(call: Call[Any], socket: Socket) -> None:
    """Raises Unauthenticated unless the session that the socket is of still stands, and
    RoleRequired for an agent who talks with people no longer.
    """
    if not socket.owner_id or (socket.rights_end_at or 0) <= clock.seconds():
        raise Unauthenticated
    place = Place(socket.owner_id, str(socket.session_id))
    check = check_of(place.owner_id)
    call.found = read(check.keys_of(place))
    call.user_id, call.session_id, call.roles = check.standing(call.found, place)
    logger.append_keys(user_id=call.user_id)
    if is_agent(call) and not SUPPORT & call.roles:
        raise RoleRequired


def _limits(owner_id: str, *, is_message: bool) -> list[Window]:
    known = {"chat_frames": settings().chat_frames_per_minute}
    if is_message:
        known["chat_messages"] = settings().chat_messages_per_minute
    return [
        Window(name=name, subject=owner_id, maximum=maximum, seconds=_MINUTE_SECONDS)
        for name, maximum in known.items()
    ]


def _refusal(problem: Problem, call: Call[Any]) -> Refusal:
    kind, words = type(problem), problem.values
    return Refusal(
        status=kind.status,
        code=kind.code,
        title=kind.title.in_language(call.language, {}),
        detail=kind.detail.in_language(call.language, words),
        request_id=call.request_id,
        field=problem.field,
        retry_after=problem.retry_after,
        diagnosis=None if problem.diagnosis is None else dict(problem.diagnosis),
    )


def _answering(frame: FrameOut, call: Call[Any]) -> FrameOut:
    """The frame with the id that its client has given to the one that it answers."""
    return replace(frame, client_id=call.body.client_id if call.body else None)
