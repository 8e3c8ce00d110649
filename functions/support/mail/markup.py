"""HTML of strangers: made harmless for whoever looks at it, and as plain text.

Nothing but what is on the list comes through: no scripts, styles, forms or frames, no address that
is fetched by looking at it. A link says by itself that it leads away, and tells nobody from where.
"""

import html
import re

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h1", "h2"),
    *("h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong"),
    *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto"}
_DROPPED_WHOLE = {"script", "style", "head", "title", "template", "noscript", "svg", "math"}
_BREAKS = re.compile(
    r"<\s*(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/table|hr)\b[^<>]{0,1000}>", re.IGNORECASE
)
_HTML_LENGTH_LIMIT = 500_000
_TAGS_LIMIT = 10_000  # what is nested takes quadratic time


def harmless(markup: str) -> str:
    """HTML of which nothing runs, is fetched or hides. It is cut when it is very long."""
    import nh3  # in the layer of background functions

    return nh3.clean(
        _bounded(markup),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def as_text(markup: str) -> str:
    """What a reader of the HTML reads."""
    import nh3

    broken = _BREAKS.sub(lambda tag: f"{tag[0]}\n", _one_space(_bounded(markup)))
    broken = re.sub("</t[dh]>", " ", broken, flags=re.IGNORECASE)
    bare = nh3.clean(broken, tags=set(), clean_content_tags=_DROPPED_WHOLE, attributes={})
    lines = (" ".join(line.split()) for line in html.unescape(bare).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _bounded(markup: str) -> str:
    pieces = markup[:_HTML_LENGTH_LIMIT].split("<", _TAGS_LIMIT + 1)
    return "<".join(pieces[: _TAGS_LIMIT + 1])


def _one_space(markup: str) -> str:
    """Line ends in HTML are spaces."""
    return re.sub(r"\s+", " ", markup)
