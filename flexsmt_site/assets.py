"""Static files under names that carry their hash, with brotli and gzip beside them.

They are made once for each state of ``static/`` and kept in DATA_DIR, so that neither a build
step nor a write to the project's own folders is needed.
"""

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

import brotli
from flask import Flask
from werkzeug.http import parse_etags
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

from flexsmt_site import web
from flexsmt_site.config import ROOT, SettingError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Formats that are packed already; compressing them again gains nothing.
_PACKED = {".png", ".ico", ".woff2"}


_YEAR = 365 * 24 * 3600


class UnknownAsset(LookupError):
    """There is no such file in ``static/``."""


@dataclass(frozen=True)
class Assets:
    """Published files: ``folder`` holds them, ``urls`` maps a path in ``static/`` to its address."""

    folder: Path
    urls: dict[str, str]

    def url(self, path: str) -> str:
        """Return the address of ``css/site.css``; raises ``UnknownAsset``."""
        if path not in self.urls:
            raise UnknownAsset(f"static/{path} is not there")
        return self.urls[path]


def init_app(app: Flask) -> None:
    """Serve ``static/`` in front of Flask, and give templates ``static_url``."""
    assets = publish(ROOT / "static", app.extensions["flexsmt_settings"].data_dir / "static")
    app.wsgi_app = Static(  # type: ignore[method-assign]
        app.wsgi_app,
        root=assets.folder,
        prefix="/static/",
        allow_all_origins=False,
        add_headers_function=_add_headers,
    )
    app.jinja_env.globals["static_url"] = assets.url


class Static(WhiteNoise):
    """WhiteNoise, which hears of a request only what it reads as RFC 9110 means it."""

    @staticmethod
    def serve(
        static_file: StaticFile, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer with a whole file."""
        known = parse_etags(environ.get("HTTP_IF_NONE_MATCH"))
        has_it = known.star_tag or known.contains_weak(static_file.etag[3:-1])
        heard = environ | {
            # It finds the name of a coding also where that is refused.
            "HTTP_ACCEPT_ENCODING": " ".join(web.codings(environ.get("HTTP_ACCEPT_ENCODING", ""))),
            # The files are small, and a range would be one of the packed bytes as often as of the plain ones.
            "HTTP_RANGE": "",
        }
        if has_it:
            heard["HTTP_IF_NONE_MATCH"] = static_file.etag
        answer: Iterable[bytes] = WhiteNoise.serve(static_file, heard, start_response)
        return answer


def _add_headers(headers: Headers, _path: str, url: str) -> None:
    # Weak, because plain and packed bytes share it; and the same on every machine, as the name is.
    headers["ETag"] = f'W/"{url.rsplit(".", 2)[1]}"'
    # WhiteNoise's own "immutable" lasts ten years; the contract says one.
    headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def publish(source: Path, target: Path) -> Assets:
    """Make hashed and compressed copies of ``source`` in a folder of ``target`` named by its state.

    Raises ``SettingError`` where ``target`` can not hold them.
    """
    files = sorted(path for path in source.rglob("*") if path.is_file())
    named = {path.relative_to(source).as_posix(): path.read_bytes() for path in files}
    digests = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in named.items()}
    state = hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]
    folder = target / state
    urls = {name: _hashed(name, digest) for name, digest in digests.items()}
    if not folder.exists():
        try:
            _fill(folder, {urls[name].removeprefix("/static/"): body for name, body in named.items()})
        except OSError as error:
            wanted = f"a folder that can hold the static files ({error.strerror})"
            raise SettingError("DATA_DIR", str(target.parent), wanted) from error
    return Assets(folder, urls)


def _hashed(name: str, digest: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"/static/{stem}.{digest}{dot}{suffix}"


def _fill(folder: Path, bodies: dict[str, bytes]) -> None:
    """Write beside the folder and move it into place, so that a second worker never sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix="draft-", dir=folder.parent))
    try:
        draft.chmod(0o755)
        _write(draft, bodies)
        # It fails on a filled folder, which Path.replace may not.
        os.rename(draft, folder)  # noqa: PTH104
    except OSError:
        shutil.rmtree(draft)
        if not folder.is_dir():
            raise


def _write(folder: Path, bodies: dict[str, bytes]) -> None:
    for name, body in bodies.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        if path.suffix not in _PACKED:
            Path(f"{path}.br").write_bytes(brotli.compress(body))
            Path(f"{path}.gz").write_bytes(gzip.compress(body, mtime=0))
