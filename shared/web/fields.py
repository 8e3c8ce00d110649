"""Kinds of text that occur in requests of several domains, each with its bounds.

The end of a pattern is `$(?!\\n)`: Python's `$` would take a line break after it, and its `\\Z` is
unknown to the other languages that read OpenAPI.
"""

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)")]
PhoneText = Annotated[
    str,
    Meta(min_length=1, max_length=40, description="A phone number, best in E.164: +8613812345678"),
]
PayPassword = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", description="Six digits")]
Note = Annotated[str, Meta(max_length=100)]
