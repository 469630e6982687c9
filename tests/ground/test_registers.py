from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from flask import Flask, Response
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, select
from sqlalchemy.dialects import sqlite

from flexsmt_site import clock, cookies, database, datamap, ledger, tokens
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.datamap import Holding, Purpose, UndeclaredColumn
from flexsmt_site.extensions import Model, db
from flexsmt_site.ledger import PROMISES, UnknownPromise
from flexsmt_site.policy import current
from tests.ground.test_settings import PRODUCTION

TABLE = Table("thing", MetaData(), Column("id", Integer), Column("name", String), Column("city", String))


def _holding(
    table: Table = TABLE, personal: tuple[str, ...] = ("name",), plain: tuple[str, ...] = ("id",)
) -> Holding:
    return Holding("thing", "", table, personal, (), plain, (Purpose.REPLY,), "", 1, "", "contact.form")


class TestColumns:
    @pytest.mark.promise("P0.3")
    def test_every_table_and_column_of_the_schema_is_declared(self, lone_app: Flask) -> None:
        assert lone_app
        assert datamap.undeclared(Model.metadata.tables.values()) == []
        for holding in datamap.holdings():
            named = {*holding.personal, *holding.pseudonym, *holding.plain}
            assert named == {column.name for column in holding.table.columns}

    @pytest.mark.promise("P0.3", "P2.3a")
    def test_a_column_left_out_is_refused_by_name(self) -> None:
        with pytest.raises(UndeclaredColumn, match=r"thing: .* mend city"):
            datamap.declare(_holding())

    @pytest.mark.promise("P0.3")
    def test_a_column_named_twice_is_refused(self) -> None:
        with pytest.raises(UndeclaredColumn, match="mend"):
            datamap.declare(_holding(personal=("name", "city"), plain=("id", "city")))

    @pytest.mark.promise("P0.3")
    def test_a_column_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(UndeclaredColumn, match="street"):
            datamap.declare(_holding(personal=("name", "city", "street")))

    @pytest.mark.promise("P0.3")
    def test_a_table_that_no_holding_names_is_found(self) -> None:
        assert datamap.undeclared([TABLE, Enquiry.metadata.tables["enquiry"]]) == ["thing"]

    @pytest.mark.promise("P1.4a", "P2.1", "P2.2a")
    def test_no_table_is_about_orders_invoices_or_support(self, lone_app: Flask) -> None:
        assert lone_app
        assert set(Model.metadata.tables) == {
            "alarm",
            "arrival",
            "catalogue_release",
            "consent_receipt",
            "consent_screen",
            "editor_typed",
            "enquiry",
            "enquiry_note",
            "outbox",
            "policy_version",
            *(f"staff_{name}" for name in ("audit", "challenge", "member", "passkey", "session")),
            "translation_edit",
            "translation_step",
        }

    @pytest.mark.promise("P1.4a", "P2.1", "P2.2a", "P2.3")
    def test_the_columns_about_a_person_are_these_and_no_others(self, lone_app: Flask) -> None:
        assert lone_app
        held = {name for holding in datamap.holdings() for name in holding.personal}
        assert held == {
            *("first_name", "last_name", "email", "company", "country", "city", "description", "language"),
            *("sender", "recipient", "dedupe_key", "raw", "last_text"),
            # A note on an enquiry; of the staff the address, and what somebody calls a passkey.
            *("text", "address", "name"),
        }

    @pytest.mark.promise("P2.3a")
    def test_no_column_holds_a_device_or_a_network_address(self, lone_app: Flask) -> None:
        assert lone_app
        columns = {column.name for table in Model.metadata.tables.values() for column in table.columns}
        assert not {
            name
            for name in columns
            for word in ("mac", "ip", "agent", "device", "referr")
            if word in name.split("_")
        }


class TestPromises:
    def test_an_unknown_promise_is_refused_where_it_is_written(self) -> None:
        with pytest.raises(UnknownPromise, match=r"P99\.9"):
            ledger.keeps("P99.9")

    def test_every_promise_has_a_sentence_in_both_languages_and_a_known_kind(self) -> None:
        for promise in PROMISES.values():
            assert set(promise.title) == {"en", "ru"}
            assert all(text.strip() for text in promise.title.values())
            assert promise.kind in ("code", "notice", "people", "stricter", "absent")

    @pytest.mark.promise("P0.2a")
    def test_what_people_keep_has_an_owner_in_both_languages_and_a_review_to_come(self) -> None:
        for promise in PROMISES.values():
            if promise.kind == "people":
                assert promise.owner is not None
                assert all(promise.owner[lang] for lang in ("en", "ru"))
                assert promise.review is not None
                assert promise.review >= clock.now().date()
            else:
                assert promise.owner is None

    def test_a_version_put_in_force_is_the_one_that_is_agreed_to(self, lone_app: Flask) -> None:
        assert lone_app
        try:
            ledger.put_in_force(lambda: ledger.Version(7, date(2027, 1, 1), ""))
            assert ledger.version().number == 7
        finally:
            ledger.put_in_force(current.in_force)


class TestCookies:
    @pytest.mark.promise("P5.1", "P5.2")
    def test_a_cookie_that_nobody_declared_can_not_be_set(self, lone_app: Flask) -> None:
        with lone_app.test_request_context(), pytest.raises(cookies.UndeclaredCookie, match="tracker"):
            cookies.put(Response(), "tracker", "1")

    @pytest.mark.promise("P5.2")
    @pytest.mark.parametrize("variables", [{}, PRODUCTION], ids=["demo", "tls"])
    def test_a_declared_cookie_is_closed_to_scripts_and_other_sites(
        self, lone_app: Flask, variables: dict[str, str]
    ) -> None:
        with lone_app.test_request_context():
            response = Response()
            cookies.put(response, "lang", "ru")
        written = response.headers["Set-Cookie"]

        assert written.startswith("lang=ru;")
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(written.split("; "))
        assert ("Secure" in written) == bool(variables)
        assert f"Max-Age={365 * 24 * 3600}" in written
        assert "Domain" not in written

    def test_a_removed_cookie_ends_at_once(self, lone_app: Flask) -> None:
        with lone_app.test_request_context():
            response = Response()
            cookies.remove(response, "lang")

        assert "Max-Age=0" in response.headers["Set-Cookie"]

    def test_several_cookies_are_removed_each_by_its_own_path(self, lone_app: Flask) -> None:
        with lone_app.test_request_context():
            response = Response()
            cookies.remove(response, "contact_en", "contact_ru")

        assert response.headers.getlist("Set-Cookie") == [
            f"contact_{lang}=; Max-Age=0; HttpOnly; Path=/{lang}/contact; SameSite=Lax"
            for lang in ("en", "ru")
        ]

    @pytest.mark.parametrize("value", ["a b", "a;b", 'a"', "ä", "a=b\n"])
    def test_a_value_that_would_have_to_be_quoted_is_refused(self, lone_app: Flask, value: str) -> None:
        with lone_app.test_request_context(), pytest.raises(ValueError, match="quoted"):
            cookies.put(Response(), "lang", value)

    def test_a_cookie_without_a_known_purpose_is_refused(self) -> None:
        with pytest.raises(LookupError, match="fun"):
            cookies.declare(cookies.Cookie("x", "fun", timedelta(1), "", ""))


class TestTokens:
    def test_a_token_gives_back_what_was_signed(self, lone_app: Flask) -> None:
        with lone_app.app_context():
            assert tokens.read("one", tokens.sign("one", {"a": "ё"})) == {"a": "ё"}

    def test_a_token_opens_only_what_it_was_made_for(self, lone_app: Flask) -> None:
        with lone_app.app_context(), pytest.raises(tokens.BadToken):
            tokens.read("other", tokens.sign("one", {}))

    def test_signed_values_other_than_a_table_are_refused(self, lone_app: Flask) -> None:
        with lone_app.app_context(), pytest.raises(tokens.BadToken):
            tokens.read("one", tokens.sign("one", [1]))  # type: ignore[arg-type]


class TestDatabase:
    def test_data_is_changed_in_a_write_transaction_only(self, app: Flask) -> None:
        with app.app_context(), pytest.raises(database.ReadOnlyTransaction):
            db.session.execute(delete(Enquiry))

    def test_a_failed_unit_leaves_nothing(self, app: Flask) -> None:
        with app.app_context():
            with pytest.raises(ZeroDivisionError):
                _store_half_an_enquiry()
            assert db.session.scalar(select(Enquiry.id)) is None

    def test_a_moment_comes_back_in_utc(self, app: Flask) -> None:
        moment = datetime(2026, 11, 22, 15, 30, 0, 123456, timezone(timedelta(hours=3)))
        with app.app_context():
            with database.write() as session:
                session.add(_enquiry(moment))
            found = db.session.scalars(select(Enquiry.received)).one()
        assert found == moment
        assert found.tzinfo == UTC

    def test_a_moment_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            database.Instant().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001


def _store_half_an_enquiry() -> None:
    with database.write() as session:
        session.add(_enquiry(clock.now()))
        session.flush()
        raise ZeroDivisionError


def _enquiry(moment: datetime) -> Enquiry:
    texts = dict.fromkeys(
        (
            "source",
            "first_name",
            "last_name",
            "email",
            "company",
            "city",
            "description",
            "subject",
            "signals",
        ),
        "",
    )
    return Enquiry(
        reference="FX-0000-0000",
        received=moment,
        last_activity=moment,
        language="en",
        country="DE",
        policy_version=1,
        agreed=moment,
        token_nonce="n",
        digest="d",
        **texts,
    )
