"""What a request costs, counted: statements of the database, templates rendered, texts looked up."""

from collections import Counter
from typing import Any

import pytest
from babel.support import Translations
from flask import Flask
from jinja2 import Template
from sqlalchemy import event

from flexsmt_site.extensions import db
from flexsmt_site.language import service
from tests.contact.form import FILLED_IN, token
from tests.ground.visitors import visit

#: Everything that anybody may read, and where it is asked for in the tests below.
PUBLIC = {
    "/": "/",
    "/.well-known/gpc.json": "/.well-known/gpc.json",
    "/.well-known/security.txt": "/.well-known/security.txt",
    "/<any(en, ru):lang>/": "/ru/",
    "/<any(en, ru):lang>/contact": "/ru/contact",
    "/<any(en, ru):lang>/contact/received/<reference>": "/ru/contact/received/FX-0000-0000",
    "/<any(en, ru):lang>/privacy": "/ru/privacy",
    "/<any(en, ru):lang>/privacy/feed.atom": "/ru/privacy/feed.atom",
    "/<any(en, ru):lang>/privacy/versions": "/ru/privacy/versions",
    "/<any(en, ru):lang>/privacy/versions/<number>": "/ru/privacy/versions/1",
    "/<any(en, ru):lang>/privacy/versions/<number>/since/<older>": "/ru/privacy/versions/1/since/1",
    "/<any(en, ru):lang>/promises": "/ru/promises",
    "/<any(en, ru):lang>/settings": "/ru/settings",
    "/consent/<any(en, ru):lang>/receipt": "/consent/ru/receipt",
    "/consent/<any(en, ru):lang>/receipt.json": "/consent/ru/receipt.json",
    "/dev/mail": "/dev/mail",
    "/dev/mail/<name>": "/dev/mail/nothing",
    "/dev/mail/<name>/html": "/dev/mail/nothing/html",
    "/favicon.ico": "/favicon.ico",
    "/healthz": "/healthz",
    "/promises.json": "/promises.json",
    "/readyz": "/readyz",
    "/robots.txt": "/robots.txt",
    "/sitemap.xml": "/sitemap.xml",
}
_VERBS = {"SELECT": "reads", **dict.fromkeys(("INSERT", "UPDATE", "DELETE"), "writes")}
#: Statements that a page needs; all others need none.
ASKS = {"/ru/contact/received/FX-0000-0000": 1, "/readyz": 2}
#: The same page for everybody, or for everybody but for a few values: rendered once.
FINISHED = {
    "/ru/",
    "/ru/privacy",
    "/ru/privacy/versions",
    "/ru/privacy/versions/1",
    "/ru/promises",
    "/ru/contact",
    "/sitemap.xml",
}


@pytest.fixture
def spent(lone_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what requests to ``lone_app`` cost."""
    counted: Counter[str] = Counter()

    render = Template.render

    def look_up(found: Translations, message: str) -> str:
        counted["texts"] += 1
        return found.gettext(message)

    def note_render(template: Template, *values: Any, **named: Any) -> str:
        counted["renders"] += 1
        return render(template, *values, **named)

    def note_statement(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        counted[_VERBS.get(statement.split(None, 1)[0], "")] += 1

    monkeypatch.setattr(Translations, "ugettext", look_up)
    monkeypatch.setattr(Template, "render", note_render)
    with lone_app.app_context():
        event.listen(db.engine, "before_cursor_execute", note_statement)
        event.listen(db.engine, "commit", lambda _connection: counted.update(["commits"]))
    return counted


def test_every_address_that_anybody_may_read_is_counted(lone_app: Flask) -> None:
    rules = lone_app.url_map.iter_rules()
    readable = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and rule.rule[:7] != "/staff/"}
    assert readable == PUBLIC.keys()


@pytest.mark.parametrize("path", PUBLIC.values())
def test_reading_asks_the_database_for_nothing_it_does_not_show(
    lone_app: Flask, spent: Counter[str], path: str
) -> None:
    visit(lone_app).get(path)

    assert (spent["reads"], spent["writes"], spent["commits"]) == (ASKS.get(path, 0), 0, 0)


@pytest.mark.parametrize("path", sorted(FINISHED))
def test_a_second_visitor_costs_neither_a_render_nor_a_look_up(
    lone_app: Flask, spent: Counter[str], path: str
) -> None:
    visit(lone_app).get(path)
    assert spent["renders"] > 0
    spent.clear()
    visit(lone_app).get(path)

    assert not +spent


@pytest.mark.parametrize("path", ["/ru/?a", "/ru/privacy?a", "/ru/contact?a", "/ru/settings"])
def test_a_text_without_variables_is_looked_up_once_for_all_pages(
    lone_app: Flask, spent: Counter[str], path: str
) -> None:
    visit(lone_app).get(path)
    first = spent.copy()
    spent.clear()
    visit(lone_app).get(path)

    assert 0 < spent["texts"] < first["texts"]


def test_a_partial_is_one_template(lone_app: Flask, spent: Counter[str]) -> None:
    visit(lone_app).post(
        "/consent", data={"decision": "reject", "next": "/ru/"}, headers={"HX-Request": "true"}
    )

    assert spent["renders"] == 1
    assert (spent["reads"], spent["writes"]) == (0, 0)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/consent", {"decision": "reject", "next": "/ru/"}),
        ("/ru/contact/forget", {"next": "/ru/contact"}),
    ],
)
def test_a_partial_that_tells_everybody_the_same_is_rendered_once(
    lone_app: Flask, spent: Counter[str], path: str, data: dict[str, str]
) -> None:
    first = visit(lone_app).post(path, data=data, headers={"HX-Request": "true"})
    assert spent["renders"] == 1
    spent.clear()
    second = visit(lone_app).post(path, data=data, headers={"HX-Request": "true"})

    assert not +spent
    assert (second.text, second.headers.getlist("Set-Cookie")) == (
        first.text,
        first.headers.getlist("Set-Cookie"),
    )


def test_a_partial_that_is_kept_is_of_the_page_s_language(lone_app: Flask) -> None:
    said = {
        lang: visit(lone_app)
        .post("/consent", data={"decision": "reject", "next": f"/{lang}/"}, headers={"HX-Request": "true"})
        .text
        for lang in ("en", "ru", "en")
    }

    assert "Saved: only necessary cookies." in said["en"]
    assert "/ru/settings" in said["ru"]


def test_an_answer_whose_page_names_its_language_looks_for_no_other(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "for_request", lambda: pytest.fail("the language was looked up"))

    answer = visit(lone_app).post(
        "/consent", data={"decision": "reject", "next": "/ru/"}, headers={"HX-Request": "true"}
    )

    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "ru")


def test_an_enquiry_is_two_looks_and_one_durable_transaction(lone_app: Flask, spent: Counter[str]) -> None:
    with lone_app.app_context():
        form = {**FILLED_IN, "form_token": token()}
    assert visit(lone_app).post("/en/contact", data=form).status_code == 303

    # The enquiry, its arrival and two notices: there are no older arrivals to forget.
    assert (spent["commits"], spent["writes"]) == (1, 4)
    assert spent["renders"] == 6, "each of two notices is a subject and two bodies"
    assert spent["reads"] == 3, "the same question before the transaction and in it, and what is stuck"


def test_the_same_form_again_writes_nothing(lone_app: Flask, spent: Counter[str]) -> None:
    with lone_app.app_context():
        form = {**FILLED_IN, "form_token": token()}
    visit(lone_app).post("/en/contact", data=form)
    spent.clear()
    assert visit(lone_app).post("/en/contact", data=form).status_code == 303

    assert (spent["writes"], spent["commits"], spent["renders"]) == (0, 0, 0)
