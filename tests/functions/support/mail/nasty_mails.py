"""Mails as broken or as malicious as they come, made here: bytes by name."""

import base64
import io
import zipfile
from collections.abc import Iterator
from functools import cache

_HEAD = b"From: ana@post.example\r\nTo: support@support.u-wallet.example\r\n"
_TEXT = "付款失败了，请帮我看看，谢谢。"


@cache
def nasty_mails() -> dict[str, bytes]:
    return dict([*_charsets(), *_structures(), *_headers(), *_attachments(), *_markup()])


def _mail(body: bytes, *headers: str | bytes) -> bytes:
    lines = [one if isinstance(one, bytes) else one.encode() for one in headers]
    return _HEAD + b"\r\n".join([*lines, b"", body])


def _charsets() -> Iterator[tuple[str, bytes]]:
    def labelled(label: str, content: bytes) -> bytes:
        return _mail(content, f"Content-Type: text/plain; charset={label}")

    yield "gb18030 called gb2312", labelled("gb2312", (_TEXT + "㐀𠀀").encode("gb18030"))
    yield "big5 as it is", labelled("big5", "付款失敗".encode("big5"))
    yield "gb18030 called ascii", labelled("us-ascii", _TEXT.encode("gb18030"))
    yield "gb18030 called latin", labelled("iso-8859-1", _TEXT.encode("gb18030"))
    yield "utf-8 called latin", labelled("iso-8859-1", _TEXT.encode())
    yield "latin called utf-8", labelled("utf-8", "caf\xe9".encode("latin-1"))
    yield "unknown charset", labelled("x-klingon-8", _TEXT.encode())
    for label in ("hex", "unicode_escape", "idna", "undefined", '"utf-8;"', "utf\\x008", "'"):
        yield f"charset {label}", labelled(label, rb"\N{x} \xZZ " + _TEXT.encode())
    yield "charset of RFC 2231", labelled("*0*=utf-8''x; charset*1=y", _TEXT.encode())
    yield "subject in raw bytes", _mail(b"x", b"Subject: " + "付款失敗".encode("big5"))
    yield "subject of split letters", _mail(b"x", "Subject: =?gb2312?B?tA==?= =?gb2312?B?8A==?=")
    yield "subject of a broken word", _mail(b"x", "Subject: =?utf-8?B?5LuY5qy?= =?utf-8?Q?=ZZ?=")
    yield "lone surrogate", _mail(b"\xed\xa0\x80", "Subject: =?utf-8?B?7aCA?=")


def _structures() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "an empty line", b"\r\n"
    yield "only a header", b"Subject: x"
    yield "no header", b"\r\n\r\nhello"
    yield "garbage", bytes(range(256)) * 40
    yield "zero bytes", _mail(b"a\x00b\x00c", "Subject: a\x00b")
    yield "bare carriage returns", b"From: ana@post.example\rSubject: x\r\rhello\rthere"
    deep = b"hello"
    for number in range(1_500):
        kind = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n" % number
        deep = kind + b"--b%d\r\n" % number + deep + b"\r\n--b%d--\r\n" % number
    yield "nested 1,500 deep", _HEAD + deep
    inner = b"From: x@y.example\r\n\r\ninnermost"
    for _ in range(300):
        inner = b"Content-Type: message/rfc822\r\n\r\n" + inner
    yield "mails in mails", _HEAD + inner
    parts = b"".join(b"--b\r\n\r\n%d\r\n" % number for number in range(5_000))
    yield "5,000 parts", _mail(parts + b"--b--", "Content-Type: multipart/mixed; boundary=b")
    yield "no boundary", _mail(b"--b\r\n\r\nx", "Content-Type: multipart/mixed")
    yield "a boundary that never comes", _mail(b"x", "Content-Type: multipart/mixed; boundary=b")
    yield (
        "alternative of none",
        _mail(b"--b--", "Content-Type: multipart/alternative; boundary=b"),
    )
    yield "no such type", _mail(b"x", "Content-Type: ; ///; charset")
    for encoding in ("base64", "quoted-printable", "x-uuencode", "text/html", "8-bit;"):
        yield (
            f"broken {encoding}",
            _mail(b"begin 6=\r\n=ZZ*&^%", f"Content-Transfer-Encoding: {encoding}"),
        )
    yield "one line of a megabyte", _mail(b"On " + b"a " * 500_000)
    yield "a megabyte of empty lines", _mail(b"\r\n" * 500_000 + b"x")


def _headers() -> Iterator[tuple[str, bytes]]:
    rest = b"Subject: x\r\n\r\nhello"
    yield "no sender", rest
    yield "two senders in a line", b"From: ana@post.example, eve@evil.example\r\n" + rest
    yield "two lines of senders", b"From: eve@evil.example\r\nFrom: ana@post.example\r\n" + rest
    yield "a group of senders", b"From: everybody: ana@post.example;\r\n" + rest
    yield "a sender in the name", b'From: "ana@post.example" <eve@evil.example>\r\n' + rest
    yield "a sender in a comment", b"From: eve@evil.example (ana@post.example)\r\n" + rest
    yield "an empty sender", b"From: <>\r\n" + rest
    yield "a broken sender", b'From: "Ana <ana@post.example\r\n' + rest
    yield (
        "a sender with an end of line",
        b"From: =?utf-8?Q?a=0D=0ABcc:x=40y.example?=@post.example\r\n" + rest,
    )
    yield "a sender of other letters", "From: 安娜@邮件.example\r\n".encode() + rest
    yield "a long sender", b"From: " + b"a" * 10_000 + b"@post.example\r\n" + rest
    yield (
        "a header in the subject",
        _mail(b"x", "Subject: =?utf-8?Q?a=0D=0ABcc:_eve=40evil.example?="),
    )
    yield "a subject of a megabyte", _mail(b"x", b"Subject: " + b"x" * 1_000_000)
    yield "20,000 headers", _mail(b"x", *(f"X-{number}: y" for number in range(20_000)))
    many = " ".join(f"<{number}@post.example>" for number in range(5_000))
    yield "5,000 references", _mail(b"x", f"References: {many}", f"In-Reply-To: {many}")
    yield "a long message id", _mail(b"x", f"Message-ID: <{'x' * 5_000}@post.example>")
    yield (
        "a message id with a header",
        _mail(b"x", "Message-ID: <a\r\n b@c>", "References: <>< ><a b>"),
    )
    yield "a reply token of nobody", _mail(b"x", f"To: reply+{'a' * 52}@support.u-wallet.example")
    yield "a date of nonsense", _mail(b"x", "Date: yesterday, 99:99", "MIME-Version: nine")


def _attachments() -> Iterator[tuple[str, bytes]]:
    def with_file(given: str, content: bytes, kind: str = "application/octet-stream") -> bytes:
        encoded = base64.encodebytes(content)
        name = given if given.startswith("filename*") else f"filename={given}"
        part = (
            f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; {name}\r\n\r\n"
        )
        body = b"--b\r\n\r\nsee there\r\n" + part.encode() + encoded + b"\r\n--b--\r\n"
        return _mail(body, "Content-Type: multipart/mixed; boundary=b")

    yield "a way up", with_file('"../../../etc/passwd"', b"root")
    yield "a way up in Windows", with_file('"..\\\\..\\\\autoexec.bat"', b"x")
    yield "a way up in code", with_file('"=?utf-8?B?Li4vLi4vZXRjL3Bhc3N3ZA==?="', b"x")
    yield "a way up of RFC 2231", with_file("filename*=utf-8''..%2F..%2Fetc%2Fpasswd", b"x")
    yield "a name with a zero byte", with_file('"a.png\x00.exe"', b"MZ", "image/png")
    yield "a name that turns round", with_file('"photo\u202egnp.exe"', b"MZ")
    yield "a name of nothing", with_file('""', b"x")
    yield "a long name", with_file('"' + "x" * 5_000 + '.png"', b"\x89PNG\r\n\x1a\n")
    yield "a program called picture", with_file('"a.png"', b"MZ" * 99, "image/png")
    yield "winmail.dat", with_file('"winmail.dat"', b"\x78\x9f\x3e\x22" * 50, "application/ms-tnef")
    yield "a zip bomb", with_file('"bomb.zip"', zip_bomb(), "application/zip")
    yield (
        "30 files",
        _mail(
            b"".join(
                b"--b\r\nContent-Disposition: attachment; filename=%d.txt\r\n\r\nx\r\n" % number
                for number in range(30)
            )
            + b"--b--",
            "Content-Type: multipart/mixed; boundary=b",
        ),
    )
    yield "a file too large", with_file('"large.bin"', b"x" * 11_000_000)


def zip_bomb() -> bytes:
    """A few kilobytes that would become thirty megabytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\x00" * 30_000_000)
    return packed.getvalue()


def _markup() -> Iterator[tuple[str, bytes]]:
    def html(content: str | bytes) -> bytes:
        raw = content if isinstance(content, bytes) else content.encode()
        return _mail(raw, "Content-Type: text/html; charset=utf-8")

    yield "a script", html("<script>alert(1)</script><p onclick=x()>hello</p>")
    yield "only a script", html("<script>alert(1)</script>")
    yield "a script in pieces", html("<scr<script>ipt>alert(1)</scr</script>ipt>")
    yield "an address that runs", html('<a href="java&#x0A;script:alert(1)">hello</a>')
    yield "a picture that tells", html('<img src="https://evil.example/seen.png">hello')
    yield "50,000 tags", html("<div>" * 50_000 + "hello")
    yield "a tag that never ends", html(b"<" * 500_000)
