from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site import create_app, database
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, Form, value_of
from tests.ground.visitors import visit


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:1/nothing", "sqlite:////dev/null/site.db"]
)
def test_a_database_that_is_gone_takes_only_what_needs_it(tmp_path: Path, url: str) -> None:
    app = create_app(make_settings(tmp_path, DATABASE_URL=url))
    visitor = visit(app)
    with app.app_context():
        refused = Form(app, visitor).send("ru")

    assert refused.status_code == 503
    assert value_of(refused, "company") == FILLED_IN["company"]
    assert visitor.get("/en/contact").status_code == 200
    assert visitor.get("/en/privacy").status_code == 200
    received = visitor.get("/ru/contact/received/FX-0000-0000")
    assert received.status_code == 503
    assert received.headers["Retry-After"]
    assert 'lang="ru"' in received.text


def test_a_database_that_can_not_be_written_is_503(tmp_path: Path, lone_form: Form) -> None:
    (tmp_path / "site.db").unlink()
    refused = lone_form.send()

    assert refused.status_code == 503
    assert value_of(refused, "company") == FILLED_IN["company"]


def test_an_error_of_the_database_does_not_repeat_what_was_typed(app: Flask) -> None:
    statement = text("INSERT INTO nowhere (name) VALUES (:typed)")
    faults = (SQLAlchemyError, database.DatabaseUnavailable)

    with app.app_context(), pytest.raises(faults) as caught, database.write() as session:
        session.execute(statement, {"typed": "A NAME"})

    assert "A NAME" not in f"{caught.value} {caught.value.__cause__}"
