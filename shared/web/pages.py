"""Lists come in pages: how many items, and where to go on."""

from typing import Annotated

import msgspec

from shared.settings import settings


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=settings().page_size_limit)] = settings().page_size
    cursor: Annotated[str, msgspec.Meta(max_length=512)] | None = None
