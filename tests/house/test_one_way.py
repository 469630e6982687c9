"""There is one way to read the time, set a cookie, know the visitor, ask for HTMX and send mail."""

import ast

import pytest

from tests.house.tree import PACKAGE, Module, package

CLOCKS = {"now", "utcnow", "today", "gmtime", "localtime", "time_ns"}


def others(*allowed: str) -> list[Module]:
    places = {f"{PACKAGE}/{name}" for name in allowed}
    return [module for module in package() if module.place not in places]


def places_that_call(name: str, modules: list[Module]) -> list[str]:
    return [f"{module.place}:{call.lineno}" for module in modules for call in module.calls(name)]


def places_that_say(text: str, modules: list[Module]) -> list[str]:
    return [
        f"{module.place}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr == text)
        or (isinstance(node, ast.Call) and [getattr(arg, "value", None) for arg in node.args[:1]] == [text])
    ]


def test_only_the_clock_reads_the_time() -> None:
    found = [
        f"{module.place}:{call.lineno}"
        for module in others("clock.py")
        for name in CLOCKS
        for call in module.calls(name)
        if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") != "clock"
    ]
    assert not found, "ask clock.now()"


@pytest.mark.parametrize("name", ["set_cookie", "delete_cookie"])
def test_only_the_register_sets_cookies(name: str) -> None:
    assert not places_that_call(name, others("cookies.py")), "use cookies.put() and cookies.remove()"


@pytest.mark.parametrize("name", ["remote_addr", "access_route", "X-Forwarded-For"])
def test_only_web_asks_who_the_visitor_is(name: str) -> None:
    assert not places_that_say(name, others("web.py")), "use web.client_address()"


@pytest.mark.parametrize("name", ["htmx", "HX-Request"])
def test_only_web_asks_whether_this_is_htmx(name: str) -> None:
    assert not places_that_say(name, others("web.py")), "use web.wants_partial()"


@pytest.mark.parametrize("name", ["sendmail", "send_message", "SMTP_SSL"])
def test_only_the_transport_speaks_smtp(name: str) -> None:
    assert not places_that_call(name, others("outbox/transport.py")), "use outbox.put()"


def test_nobody_opens_a_session_of_flask() -> None:
    found = {module.place for module in package() if "flask.session" in module.imports}
    assert not found, "a public page has no session: see docs/decisions/0004-cross-site.md"


def test_few_places_call_text_safe() -> None:
    # Words of checked catalogues, our own rendered clauses and mails, and options escaped one by one.
    allowed = {
        *(f"{PACKAGE}/language/{name}.py" for name in ("catalog", "countries", "words")),
        f"{PACKAGE}/policy/fragment.py",
        f"{PACKAGE}/editor/staged.py",
    }
    bare = {
        module.place
        for module in package()
        for call in module.calls("Markup")
        if call.args and not isinstance(call.args[0], ast.Constant)
    }
    assert not bare - allowed, "build markup with Markup('…').format(…)"
