from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask, Response

from flexsmt_site import cookies, pages
from flexsmt_site.cookies import Cookie, Purpose
from tests.ground.test_settings import PRODUCTION

pytestmark = pytest.mark.usefixtures("own_register")

STATISTICS = Purpose("statistics", "Statistics", "Statistics: we count returning visits.")
COUNTED = Cookie("counted", "statistics", timedelta(days=7), "Nothing but a one", "After you have agreed")


def _version(purpose: Purpose = STATISTICS, *declared: Cookie) -> str:
    cookies.declare_purpose(purpose)
    for cookie in declared or (COUNTED,):
        cookies.declare(cookie)
    return cookies.register().version


@pytest.mark.promise("P14.2a")
def test_another_purpose_asks_for_consent_again(lone_app: Flask) -> None:
    assert lone_app
    before = cookies.register()

    assert _version() != before.version
    assert cookies.register().keys == (*before.keys, "statistics")


@pytest.mark.promise("P14.2a")
@pytest.mark.parametrize(
    "material",
    [{"path": "/en"}, {"life": timedelta(days=8)}, {"life": None}, {"life": timedelta(days=7, seconds=1)}],
    ids=str,
)
def test_another_path_or_life_of_a_cookie_asks_again(material: dict[str, object]) -> None:
    assert _version() != _version(STATISTICS, replace(COUNTED, **material))  # type: ignore[arg-type]


@pytest.mark.promise("P14.2a")
def test_a_further_cookie_and_another_name_ask_again() -> None:
    first = _version()
    second = _version(STATISTICS, replace(COUNTED, name="counted_more"))
    cookies._declared.pop("counted")  # noqa: SLF001
    cookies.register.cache_clear()

    assert len({first, second, cookies.register().version}) == 3


@pytest.mark.promise("P14.2a")
def test_another_recipient_asks_again_and_their_order_does_not() -> None:
    one = _version()
    two = _version(replace(STATISTICS, recipients=("Counter", "Agency")))

    assert one != two
    assert two == _version(replace(STATISTICS, recipients=("Agency", "Counter")))


@pytest.mark.promise("P14.2a")
def test_other_words_do_not_ask_again() -> None:
    before = _version()
    said_otherwise = Purpose("statistics", "Counting", "Counting: how often you come.")

    assert before == _version(said_otherwise)
    assert before == _version(STATISTICS, replace(COUNTED, holds="One", when="Later"))


def test_a_necessary_cookie_does_not_ask_again() -> None:
    before = _version()
    basket = Cookie("basket", cookies.NECESSARY, timedelta(days=1), "", "")

    assert before == _version(STATISTICS, COUNTED, basket)


def test_the_order_of_declaring_changes_nothing() -> None:
    ads = Purpose("ads", "Ads", "Ads: none.")
    cookies.declare_purpose(STATISTICS)
    cookies.declare_purpose(ads)
    one = cookies.register()
    for key in ("statistics", "ads"):
        cookies._purposes.pop(key)  # noqa: SLF001
    cookies.declare_purpose(ads)
    cookies.declare_purpose(STATISTICS)

    assert one == cookies.register()
    assert one.keys == tuple(sorted(one.keys))


def test_the_version_is_five_signs_that_a_cookie_holds(lone_app: Flask) -> None:
    assert lone_app
    version = cookies.register().version

    assert len(version) == 5
    assert version.isalnum()
    assert version == version.lower()


def test_a_seventh_purpose_is_refused_and_the_sixth_may_be_declared_again() -> None:
    cookies._purposes.clear()  # noqa: SLF001
    cookies._purposes[cookies.NECESSARY] = cookies._NECESSARY  # noqa: SLF001
    for number in range(cookies.MOST_PURPOSES):
        cookies.declare_purpose(Purpose(f"p{number}", "", ""))
    cookies.declare_purpose(Purpose("p5", "said otherwise", ""))

    with pytest.raises(ValueError, match="p6: the consent cookie holds no more than 6"):
        cookies.declare_purpose(Purpose("p6", "", ""))
    assert cookies.register().keys == tuple(f"p{number}" for number in range(6))


def test_the_necessary_purpose_comes_first_and_asks_for_nothing(lone_app: Flask) -> None:
    with lone_app.test_request_context():
        first, *optional = cookies.purposes()

        assert first.key == cookies.NECESSARY
        assert tuple(optional) == cookies.register().purposes
        assert cookies.is_granted(cookies.NECESSARY)


@pytest.mark.promise("P2.4", "P5.1")
@pytest.mark.parametrize("sent", ["", "consent=", "consent=aaaaa.11"])
def test_a_cookie_whose_purpose_was_not_agreed_to_can_not_be_set(lone_app: Flask, sent: str) -> None:
    _version()
    response = Response()

    with (
        lone_app.test_request_context(headers={"Cookie": sent}),
        pytest.raises(cookies.NotConsented, match="counted"),
    ):
        cookies.put(response, "counted", "1")
    assert "Set-Cookie" not in response.headers


@pytest.mark.promise("P2.4")
def test_agreeing_to_one_purpose_sets_no_cookie_of_another(lone_app: Flask) -> None:
    version = _version()
    assert cookies.register().keys == ("preferences", "statistics")

    with lone_app.test_request_context(headers={"Cookie": f"consent={version}.01"}):
        response = Response()
        cookies.put(response, "counted", "1")
        with pytest.raises(cookies.NotConsented, match="preferences"):
            cookies.put(response, "contact_en", "x")
    assert [line.partition("=")[0] for line in response.headers.getlist("Set-Cookie")] == ["counted"]


@pytest.mark.promise("P5.1", "P5.2")
def test_a_cookie_that_nobody_declared_can_neither_be_set_nor_removed(lone_app: Flask) -> None:
    response = Response()
    with lone_app.test_request_context():
        with pytest.raises(cookies.UndeclaredCookie, match="tracker"):
            cookies.put(response, "tracker", "1")
        with pytest.raises(cookies.UndeclaredCookie, match="declare it there first"):
            cookies.remove(response, "tracker")
    assert "Set-Cookie" not in response.headers


class TestOverTls:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return PRODUCTION

    def test_the_prefixed_cookie_is_bound_to_this_host_alone(self, lone_app: Flask) -> None:
        response = Response()
        with lone_app.test_request_context():
            cookies.put(response, "consent", "ab2cd.1")
            cookies.remove(response, "consent")

        # Browsers drop a cookie of this prefix that is not Secure, names a domain or has another path.
        for line in response.headers.getlist("Set-Cookie"):
            assert line.startswith("__Host-consent=")
            assert {"Secure", "Path=/", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))
            assert "Domain" not in line

    def test_every_prefixed_cookie_has_the_path_that_its_prefix_asks_for(self, lone_app: Flask) -> None:
        with lone_app.app_context():
            for cookie in cookies.declared():
                assert cookie.is_prefixed == cookie.sent_name.startswith("__Host-")
                assert cookie.path == "/" or not cookie.is_prefixed


def test_without_tls_no_name_has_the_prefix_that_browsers_would_refuse(lone_app: Flask) -> None:
    response = Response()
    with lone_app.test_request_context():
        cookies.put(response, "consent", "ab2cd.1")
        assert [one.sent_name for one in cookies.declared()] == [one.name for one in cookies.declared()]

    assert response.headers["Set-Cookie"].startswith("consent=")
    assert "Secure" not in response.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("language", "week", "session"), [("en", "7 days", "closed"), ("ru", "7 дней", "браузер")]
)
def test_how_long_a_cookie_stays_is_said_in_words(
    lone_app: Flask, language: str, week: str, session: str
) -> None:
    with lone_app.test_request_context(), pages.speaking(language):
        assert COUNTED.life_text == week
        assert session in replace(COUNTED, life=None).life_text
