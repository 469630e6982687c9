import pytest
from babel import Locale
from babel.languages import get_official_languages
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.language import rules

IP_FIRST = ("ip", "browser")
BROWSER_FIRST = ("browser", "ip")


def choose(
    header: str | None = None,
    *,
    cookie: str | None = None,
    russian: bool | None = None,
    order: tuple[str, ...] = IP_FIRST,
) -> str:
    return rules.choose(cookie, address_says_russian=russian, accept_language=header, order=order)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("RU", "ru"),
        ("ru-RU", "ru"),
        ("ru-Cyrl-RU", "ru"),
        ("en", "en"),
        ("en-GB", "en"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("be", "en"),
        ("be,ru;q=0.7,en;q=0.3", "ru"),
        ("uk,ru;q=0.8", "ru"),
        ("uk,en;q=0.8,ru;q=0.7", "en"),
        ("de, fr;q=0.9", "en"),
        ("ru;q=0", "en"),
        ("ru;q=0, de", "en"),
        ("ru;q=0.0, *", "en"),
        ("ru;q=0.001", "ru"),
        ("en;q=0, ru;q=0", "en"),
        ("*", "en"),
        ("*;q=0.1", "en"),
        ("ru;q=0.5,*", "en"),
        ("ru,*;q=0.5", "ru"),
        ("en;q=0,*", "ru"),
        ("de,*;q=0.5", "en"),
        ("ru,en", "en"),
        ("en,ru", "en"),
        ("ru;q=0.8,en;q=0.8", "en"),
        ("en;q=0.1,ru;q=0.8,en-GB;q=0.9", "en"),
        ("ru;q=2", "en"),
        ("ru;q=-1", "en"),
        ("ru;q=1.5,en;q=0.1", "en"),
        ("ru;q=", "en"),
        ("ru;q=nan", "en"),
        ("ru;q=1e9", "en"),
        ("ru;q=٠.٥", "en"),
        ("ru;q=1.000", "ru"),
        ("ru;Q=0.9,en;q=0.2", "ru"),
        ("ru ; q=0.9 ,\ten;q=0.2", "ru"),
        ("ru;level=1;q=0.1,en;q=0.2", "en"),
        ("ru;level=1", "ru"),
        (",,ru,,", "ru"),
        ("ru_RU", "en"),
        ("russian", "en"),
        ("ru-", "en"),
        ("-ru", "en"),
        ("ру", "en"),
        ("garbage;;;===,,", "en"),
        ("ru\x00", "en"),
        ("de," * 60 + "ru", "en"),
        ("x" * 5000 + ",ru", "en"),
        ("ru," + "x" * 5000, "ru"),
        ("de," * 300 + "ru", "en"),
    ],
)
def test_the_browser_decides_by_weight_and_english_wins_every_tie(header: str | None, expected: str) -> None:
    assert choose(header) == expected


def test_a_range_that_the_limit_cuts_through_does_not_count() -> None:
    header = "de-" + "x" * 8 + "," * (1000 - 13) + "ru;q=0.9"

    assert header[:1000].endswith("ru")
    assert choose(header) == "en"


@pytest.mark.parametrize(
    ("header", "russian", "order", "expected"),
    [
        (None, True, IP_FIRST, "ru"),
        ("en", True, IP_FIRST, "ru"),
        ("ru", False, IP_FIRST, "ru"),
        ("ru", None, IP_FIRST, "ru"),
        ("de", False, IP_FIRST, "en"),
        (None, None, IP_FIRST, "en"),
        ("en", True, BROWSER_FIRST, "en"),
        ("ru", False, BROWSER_FIRST, "ru"),
        ("de", True, BROWSER_FIRST, "ru"),
        ("*", True, BROWSER_FIRST, "ru"),
        (None, True, BROWSER_FIRST, "ru"),
        ("en,ru", True, BROWSER_FIRST, "ru"),
        (None, False, BROWSER_FIRST, "en"),
        ("ru", True, (), "en"),
    ],
)
def test_address_and_browser_decide_in_the_order_that_operators_set(
    *, header: str | None, russian: bool | None, order: tuple[str, ...], expected: str
) -> None:
    assert choose(header, russian=russian, order=order) == expected


@pytest.mark.parametrize("order", [IP_FIRST, BROWSER_FIRST])
@pytest.mark.parametrize("cookie", ["en", "ru"])
def test_the_cookie_decides_before_everything_else(cookie: str, order: tuple[str, ...]) -> None:
    other = "ru" if cookie == "en" else "en"

    assert choose(other, cookie=cookie, russian=cookie == "en", order=order) == cookie


@pytest.mark.parametrize("cookie", ["", "RU", "ru ", "de", "en,ru", "../ru"])
def test_a_cookie_that_we_did_not_set_decides_nothing(cookie: str) -> None:
    assert choose("ru", cookie=cookie) == "ru"
    assert choose("en", cookie=cookie) == "en"


@given(
    header=st.one_of(st.none(), st.text(), st.text(alphabet="ruen-*;=q.,01 \t", max_size=1200)),
    cookie=st.one_of(st.none(), st.text(max_size=5)),
    russian=st.sampled_from([True, False, None]),
    order=st.permutations(["ip", "browser"]),
)
def test_any_header_gives_one_of_the_two_languages(
    *, header: str | None, cookie: str | None, russian: bool | None, order: list[str]
) -> None:
    assert choose(header, cookie=cookie, russian=russian, order=tuple(order)) in rules.LANGUAGES


@given(
    english=st.integers(0, 1000),
    russian=st.integers(0, 1000),
    others=st.lists(st.sampled_from(["de", "fr;q=0.9", "uk", "zh-CN;q=0.2"]), max_size=4),
    turned=st.booleans(),
)
def test_the_greater_weight_wins_wherever_it_stands(
    *, english: int, russian: int, others: list[str], turned: bool
) -> None:
    ranges = [f"en;q={english / 1000:.3f}", *others, f"ru;q={russian / 1000:.3f}"]
    header = ",".join(reversed(ranges) if turned else ranges)

    assert choose(header) == ("ru" if russian > english else "en")


@given(st.text())
def test_weights_stay_between_nothing_and_one(header: str) -> None:
    assert all(0 <= weight <= 1 for weight in rules.weights(header).values())


def test_the_countries_are_those_where_cldr_marks_russian_as_official() -> None:
    official = {
        code
        for code in map(str, Locale("en").territories)
        if len(code) == 2 and "ru" in get_official_languages(code, regional=False, de_facto=False)
    }

    assert official == rules.RUSSIAN_OFFICIAL


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/en/", "en"),
        ("/ru", "ru"),
        ("/ru/privacy", "ru"),
        ("/", None),
        ("/de/", None),
        ("/RU/", None),
        ("/rubbish/", None),
        ("//ru/", None),
        ("ru/", None),
        ("", None),
    ],
)
def test_a_path_names_its_language_in_its_first_segment_alone(path: str, language: str | None) -> None:
    assert rules.language_of(path) == language
