from typing import Any

import pytest
from flask import Flask, Response

from flexsmt_site.itself import Said

ANSWERS: dict[str, dict[str, Any]] = {
    "a page": {"response": "Добрый день"},
    "a refused form": {"response": "x", "status": 422},
    "a way elsewhere": {"response": "", "status": 303, "headers": {"Location": "/ru/контакт"}},
    "a page that lies elsewhere": {"response": "x", "headers": {"Content-Location": "/ru/контакт"}},
    "nothing": {"response": "", "status": 204},
    "what is known": {"response": "x", "status": 304, "headers": {"Content-Language": "ru"}},
    "pieces": {"response": [b"a", b"b"]},
    "who knows how much": {"response": iter([b"a", b"b"])},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_headers_go_out_as_werkzeug_would_send_them(app: Flask, name: str) -> None:
    environ = {"REQUEST_METHOD": "GET"}

    assert app.response_class is Said
    assert [*Said(**ANSWERS[name]).get_wsgi_headers(environ)] == [
        *Response(**ANSWERS[name]).get_wsgi_headers(environ)
    ]
