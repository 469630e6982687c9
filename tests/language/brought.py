"""Files that somebody brings."""

import zipfile
from io import BytesIO

_HEAD = 'msgid ""\nmsgstr "Language: ru\\nContent-Type: text/plain; charset=UTF-8\\n{}"\n\n'


def po(*entries: tuple[str, str], plurals: str = "") -> bytes:
    body = "".join(f'msgid "{msgid}"\nmsgstr "{text}"\n\n' for msgid, text in entries)
    return (_HEAD.format(f"Plural-Forms: {plurals}\\n" if plurals else "") + body).encode()


def zipped(method: int = zipfile.ZIP_DEFLATED, /, **files: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, body in files.items():
            made.writestr(name, body)
    return out.getvalue()
