"""The least that WSGI does: one answer, kept in a file, for whatever is asked.

The file is named by ``BENCH_ANSWER``: a list of headers and the body, in JSON.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HEADERS, _TEXT = json.loads(Path(os.environ["BENCH_ANSWER"]).read_text("utf-8"))
_BODY = _TEXT.encode("latin-1")


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the bytes of the file."""
    start_response("200 OK", [(name, value) for name, value in _HEADERS])
    return [_BODY]
