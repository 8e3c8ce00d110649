"""Kinds of text that occur in requests of several domains, each with its bounds."""

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
PhoneText = Annotated[
    str,
    Meta(min_length=1, max_length=40, description="A phone number, best in E.164: +8613812345678"),
]
PayPassword = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z", description="Six digits")]
Note = Annotated[str, Meta(max_length=100)]
