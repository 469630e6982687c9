import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Column, Integer, MetaData, String, Table

from flexsmt_site import datamap, ledger
from flexsmt_site.config import LANGUAGES
from flexsmt_site.extensions import db
from flexsmt_site.policy import fragment, shipped
from tests.house.tree import TEMPLATES, Module, package, suite

CLAUSES = sorted((TEMPLATES / "policy" / "clauses").glob("*.html"))
IDS = re.compile(r'promise\("([^"]+)"\)')
#: Columns of these names say something about a person, whatever the feature thinks of them.
PERSONAL_NAMES = re.compile(r"name|mail|phone|address|company|city|country|birth|gender|recipient|sender")


def ids_in(modules: tuple[Module, ...], called: str) -> Iterator[tuple[str, str]]:
    for module in modules:
        for call in module.calls(called):
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, f"{module.place}:{call.lineno}"


def test_the_policy_says_every_promise_exactly_once() -> None:
    said = Counter(name for clause in CLAUSES for name in IDS.findall(clause.read_text("utf-8")))
    assert said == Counter(ledger.PROMISES.keys())


def test_a_promise_stands_in_the_clause_of_its_number() -> None:
    for clause in CLAUSES:
        wanted = f"P{int(clause.stem.removeprefix('p'))}."
        assert all(name.startswith(wanted) for name in IDS.findall(clause.read_text("utf-8"))), clause.name


@pytest.mark.parametrize(
    ("called", "modules"), [("keeps", package()), ("promise", suite())], ids=["code", "tests"]
)
def test_code_and_tests_name_promises_that_exist(called: str, modules: tuple[Module, ...]) -> None:
    unknown = [where for name, where in ids_in(modules, called) if name not in ledger.PROMISES]
    assert not unknown, "not in ledger.toml"


def test_people_who_keep_a_promise_are_named_with_a_review() -> None:
    for promise in ledger.PROMISES.values():
        assert (promise.kind == "people") == (promise.owner is not None) == (promise.review is not None), (
            promise.id
        )
        assert all(promise.title.values()), promise.id


def test_a_promise_that_is_described_as_absent_is_kept_by_no_code() -> None:
    assert not [
        name for name, row in ledger.PROMISES.items() if row.kind == "absent" and ledger.keepers(name)
    ]


@pytest.mark.usefixtures("site")
@pytest.mark.promise("P0.3")
def test_every_column_is_declared_with_what_it_says_about_a_person() -> None:
    held = {
        (holding.table.description, column)
        for holding in datamap.holdings()
        for column in (*holding.personal, *holding.pseudonym, *holding.plain)
    }
    about_people = {table for table, _column in held}
    stored = {(name, column.name) for name in about_people for column in db.metadata.tables[name].columns}
    assert stored == held, "declare it in the feature's privacy.py"
    assert datamap.undeclared(db.metadata.tables.values()) == []
    others = [table for name, table in db.metadata.tables.items() if name not in about_people]
    named = {column.name for table in others for column in table.columns}
    alarms, screens = {"id", "told"}, {"digest", "version", "place", "language", "html", "kept"}
    versions = {f"{name}_{lang}" for name in ("note", "html", "contents") for lang in ("en", "ru")}
    versions |= {"number", "published", "sum", "effective", "is_material", "made_of"}
    assert named == alarms | screens | versions, (
        "a table that is about nobody needs a close look at its columns"
    )


@pytest.mark.usefixtures("site")
@pytest.mark.promise("P0.3")
def test_no_column_that_names_a_person_passes_as_plain() -> None:
    plain = {column for holding in datamap.holdings() for column in holding.plain}
    assert not [column for column in plain if PERSONAL_NAMES.search(column)]


@pytest.mark.usefixtures("site")
@pytest.mark.promise("P0.3")
def test_a_column_that_a_holding_leaves_out_stops_the_start() -> None:
    table = Table(
        "guest", MetaData(), Column("id", Integer, primary_key=True), Column("shoe_size", String(3))
    )
    model = datamap.holdings()[0]
    with pytest.raises(datamap.UndeclaredColumn, match="shoe_size"):
        datamap.declare(
            datamap.Holding(
                **{
                    **vars(model),
                    "key": "guest",
                    "table": table,
                    "personal": (),
                    "pseudonym": (),
                    "plain": ("id",),
                }
            )
        )
    assert datamap.undeclared([table]) == ["guest"]


@pytest.mark.promise("P0.4")
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_policy_says_which_data_why_and_how_to_object(site: Flask, lang: str) -> None:
    with site.test_request_context(f"/{lang}/privacy"):
        said = fragment.render(lang).html
    with site.test_request_context(f"/{lang}/"):
        site.preprocess_request()
        for holding in datamap.holdings():
            assert str(holding.title) in said
            assert holding.purposes
            assert all(str(purpose.value) in said for purpose in holding.purposes)
            assert str(holding.counted_from) in said
            assert holding.objection in site.view_functions
    assert f'href="/{lang}/contact?subject=my-data"' in said


def test_changed_words_of_the_policy_have_a_new_version(site: Flask) -> None:
    with site.test_request_context("/en/privacy"):
        shown = fragment.sum_of({lang: fragment.render(lang) for lang in LANGUAGES})
    version = shipped.version()
    assert version.sum == shown, (
        f"the policy reads otherwise than its version {version.number} of {version.date}: write into "
        f'{shipped.FILE.name} the next number, the day on which it takes effect, and sum = "{shown}"'
    )
