import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flexsmt_site import clock, cookies
from flexsmt_site.consent import rules
from flexsmt_site.consent.rules import Standing
from tests.conftest import make_settings
from tests.consent.device import GONE, Device, another, device
from tests.consent.test_pruning import choose

Run = Callable[..., tuple[int, str, str]]
MAPS = re.compile(r"map (.*) \$(\w+) \{\n((?:    .*\n)+)\}")


def call(app: Flask, *arguments: str) -> tuple[int, str, str]:
    found = app.test_cli_runner().invoke(args=["consent", *arguments])
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *arguments: call(app, *arguments)


def test_prune_says_how_many_went(app: Flask, run: Run) -> None:
    for days in (0, 0, 548, 552, 5000):
        choose(app, clock.now() - timedelta(days=days), "", "preferences")

    assert run("prune") == (0, "2 deleted\n", "")
    assert run("prune") == (0, "0 deleted\n", "")
    assert len(device(app).receipts()) == 3


def test_export_prints_every_choice_on_a_line_in_the_order_of_writing(chooser: Device, run: Run) -> None:
    chooser.choose("accept", next="/ru/")
    chooser.choose("reject")
    device(chooser.app).choose("accept")
    code, output, _ = run("export")

    lines = [json.loads(line) for line in output.splitlines()]
    receipts = chooser.receipts()
    assert code == 0
    assert [line["receipt"] for line in lines] == [receipt.number for receipt in receipts]
    assert [line["agreed_to"] for line in lines] == [["preferences"], [], ["preferences"]]
    assert [line["place"] for line in lines] == ["banner", "footer", "banner"]
    assert {line["screen"]["html"] for line in lines} == {screen.html for screen in chooser.screens()}
    assert "Мы используем файлы cookie" in output


def test_export_prints_the_choices_of_one_number_alone(chooser: Device, run: Run) -> None:
    chooser.choose("accept")
    device(chooser.app).choose("accept")
    number = chooser.holds()["consent_receipt"]
    code, output, _ = run("export", number)

    (line,) = (json.loads(line) for line in output.splitlines())
    assert (code, line["receipt"]) == (0, number)
    assert [line] == chooser.get("/consent/en/receipt.json").json


@pytest.mark.parametrize("number", ["a" * 22, "x", "%", "", "9" * 5000])
def test_export_of_an_unknown_number_is_one_line_that_names_the_mend(
    app: Flask, run: Run, number: str
) -> None:
    device(app).choose("accept")
    mend = "'flexsmt consent export' prints all there are"

    assert run("export", number) == (1, "", f"Error: no receipt has the number {number!r}: {mend}\n")
    assert len(run("export")[1].splitlines()) == 1


def test_export_of_nothing_prints_nothing(run: Run) -> None:
    assert run("export") == (0, "", "")


def test_show_banner_prints_what_was_shown_where_and_in_which_language(chooser: Device, run: Run) -> None:
    chooser.choose("accept", next="/en/")
    device(chooser.app).choose("accept", next="/ru/")
    version = cookies.register().version
    code, output, _ = run("show-banner", version)

    assert code == 0
    assert run("show-banner") == (0, output, "")
    for screen in chooser.screens():
        head = f"<!-- banner, {screen.language}, {screen.digest}, kept {screen.kept:%Y-%m-%d} -->"
        assert f"{head}\n{screen.html.strip()}\n" in output
    assert output.count("<section") == 2


@pytest.mark.parametrize("version", ["aaaaa", "", "x" * 5000])
def test_show_banner_of_a_version_that_nobody_agreed_to_says_so(app: Flask, run: Run, version: str) -> None:
    wanted = version or cookies.register().version
    mend = "'flexsmt consent export' names the version of every choice"

    assert app
    assert run("show-banner", *([version] if version else [])) == (
        1,
        "",
        f"Error: nobody has agreed to anything in version {wanted!r}: {mend}\n",
    )


@pytest.mark.parametrize(
    "arguments", ["prune", "export", f"export {'a' * 22}", "show-banner", "show-banner aaaaa"]
)
@pytest.mark.parametrize("url", ["", *GONE])
def test_a_database_out_of_reach_is_one_line_that_names_the_mend(
    tmp_path: Path, arguments: str, url: str
) -> None:
    with another(make_settings(tmp_path, **({"DATABASE_URL": url} if url else {}))) as app:
        code, output, errors = call(app, *arguments.split())

    words = [line for line in errors.splitlines() if not line.startswith("{")]
    assert (code, output, len(words)) == (1, "", 1)
    assert "check FLEXSMT_DATABASE_URL, or run: flexsmt db upgrade" in errors


class Maps:
    """Maps of nginx: the first expression that matches decides, else the default."""

    def __init__(self, printed: str) -> None:
        self.maps = MAPS.findall(printed)

    def variant(self, cookie: str, gpc: str) -> str:
        values = {"http_cookie": cookie, "http_sec_gpc": gpc}
        for source, target, body in self.maps:
            lines = [re.fullmatch(r'\s*("~?.*?"|default) (\S+);', line) for line in body.splitlines()]
            pairs = [(line[1].strip('"'), line[2]) for line in lines if line]
            assert len(pairs) == len(body.splitlines())
            values |= self._found(self._filled(source, values), pairs, target)
        return values["consent_variant"]

    def _found(self, key: str, pairs: list[tuple[str, str]], target: str) -> dict[str, str]:
        for sample, value in pairs:
            match = re.search(sample[1:].replace("(?<", "(?P<"), key) if sample[0] == "~" else None
            if match or sample == key:
                return {target: self._filled(value, match.groupdict() if match else {}).strip('"')}
        default = dict(pairs)["default"].strip('"')
        return {target: default}

    def _filled(self, text: str, values: dict[str, str]) -> str:
        return re.sub(r"\$(\w+)", lambda name: values[name[1]], text.strip('"'))


@pytest.mark.parametrize("variables", [{}, {"BASE_URL": "https://127.0.0.1:8000"}], ids=["demo", "tls"])
def test_the_maps_for_a_proxy_name_the_variant_that_the_site_shows(
    lone_app: Flask, variables: dict[str, str]
) -> None:
    maps = Maps(call(lone_app, "cache-map")[1])
    version, name = cookies.register().version, "__Host-consent" if variables else "consent"
    cases = {
        ("", ""): Standing.UNDECIDED,
        ("", "1"): Standing.GPC,
        ("", "0"): Standing.UNDECIDED,
        ("lang=ru", "1"): Standing.GPC,
        (f"lang=ru; {name}={version}.0", ""): Standing.REFUSED,
        (f"{name}={version}.0", "1"): Standing.REFUSED,
        (f"{name}={version}.1; lang=ru", ""): Standing.ACCEPTED,
        (f"{name}={version}.1", "1"): Standing.ACCEPTED,
        (f"{name}={version}.11", ""): Standing.UNDECIDED,
        (f"{name}=aaaaa.1", ""): Standing.UNDECIDED,
        (f"x{name}={version}.1", "1"): Standing.GPC,
        (f"{name}=junk; {name}={version}.1", ""): Standing.ACCEPTED,
    }

    assert {case: maps.variant(*case) for case in cases} == cases


@pytest.fixture
def maps(lone_app: Flask) -> Maps:
    return Maps(call(lone_app, "cache-map")[1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["consent", "=", "VERSION", ".", "0", "1", ";", "; ", " ", "x", "lang=ru"])),
    st.sampled_from(["", "0", "1", "true", "11"]),
)
def test_the_maps_read_any_header_as_the_site_does(maps: Maps, parts: list[str], gpc: str) -> None:
    register = cookies.register()
    header = "".join(parts).replace("VERSION", register.version)
    granted = rules.read(header, "consent", register.version, register.keys)

    assert maps.variant(header, gpc) == rules.Choice(granted, gpc=gpc == "1").standing


def test_the_maps_say_to_be_printed_anew_with_each_release(lone_app: Flask) -> None:
    code, output, _ = call(lone_app, "cache-map")

    assert code == 0
    assert output.startswith("# Printed by 'flexsmt consent cache-map'")
    assert {target for _, target, _ in MAPS.findall(output)} == {"consent_choice", "consent_variant"}
