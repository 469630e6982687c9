from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text, update

from flexsmt_site import clock, create_app, database, proof
from flexsmt_site.outbox import heartbeat
from flexsmt_site.outbox.models import Mail
from tests.conftest import make_settings
from tests.contact.form import Form
from tests.ground.visitors import Visitor, visit

FAR = {"REMOTE_ADDR": "192.0.2.7"}


def test_healthz_says_only_that_the_process_serves(visitor: Visitor) -> None:
    answer = visitor.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_healthz_answers_while_the_database_is_gone(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, DATABASE_URL="postgresql+psycopg://x@127.0.0.1:1/x"))

    assert visit(app).get("/healthz").status_code == 200


def test_a_ready_site_tells_this_machine_the_details(app: Flask, client: Visitor, tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, clock.now())
    with app.app_context():
        Form(app, client).send()
    answer = client.get("/readyz")
    data = answer.get_json()

    assert answer.status_code == 200
    assert (data["ready"], data["mail"]) == (True, "ok")
    assert data["release"] == proof.code_sum()[:12]
    assert data["relay_seen"].startswith(str(clock.now().year))
    assert 0 <= data["oldest_queued_seconds"] < 60
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_open_breaker_is_told_with_its_reason(client: Visitor, tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, clock.now(), "auth")
    data = client.get("/readyz").get_json()

    assert (data["mail"], data["breaker"], data["trouble"]) == ("degraded", "open", "auth")


def test_a_notice_that_waits_long_is_trouble_with_mail(app: Flask, client: Visitor, tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, clock.now())
    with app.app_context():
        Form(app, client).send()
        assert client.get("/readyz").get_json()["mail"] == "ok"
        with database.write() as session:
            session.execute(update(Mail).values(created=clock.now() - timedelta(minutes=16)))

    data = client.get("/readyz").get_json()
    assert (data["mail"], data["breaker"], data["oldest_queued_seconds"] >= 960) == (
        "degraded",
        "closed",
        True,
    )


def test_others_learn_only_whether_it_is_ready(client: Visitor, tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, clock.now())

    assert client.get("/readyz", environ_base=FAR).get_json() == {"ready": True, "mail": "ok"}


def test_a_forged_address_opens_no_details(client: Visitor) -> None:
    answer = client.get("/readyz", environ_base=FAR, headers={"X-Forwarded-For": "127.0.0.1"})

    assert set(answer.get_json()) == {"ready", "mail"}


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_that_nobody_declared_opens_no_details(client: Visitor, header: str) -> None:
    assert set(client.get("/readyz", headers={header: "192.0.2.7"}).get_json()) == {"ready", "mail"}


@pytest.mark.parametrize(
    ("age", "trouble"), [(None, ""), (timedelta(minutes=10), ""), (timedelta(0), "refused")]
)
def test_trouble_with_mail_does_not_take_the_site_off_the_air(
    client: Visitor, tmp_path: Path, age: timedelta | None, trouble: str
) -> None:
    if age is not None:
        heartbeat.beat(tmp_path, clock.now() - age, trouble)
    answer = client.get("/readyz", environ_base=FAR)

    assert (answer.status_code, answer.get_json()["mail"]) == (200, "degraded")


def test_an_older_schema_is_503(app: Flask, client: Visitor) -> None:
    with app.app_context():
        with database.write() as session:
            revision = session.scalar(text("SELECT version_num FROM alembic_version"))
            session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        try:
            answer = client.get("/readyz")
        finally:
            with database.write() as session:
                session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})

    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "reason": "schema"})
    assert client.get("/readyz").status_code == 200


def test_an_empty_database_is_503(tmp_path: Path) -> None:
    answer = visit(create_app(make_settings(tmp_path))).get("/readyz")

    assert (answer.status_code, answer.get_json()["reason"]) == (503, "schema")


def test_a_database_that_is_gone_is_503(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, DATABASE_URL="postgresql+psycopg://x@127.0.0.1:1/x"))
    answer = visit(app).get("/readyz")

    assert (answer.status_code, answer.get_json()["reason"]) == (503, "database")
