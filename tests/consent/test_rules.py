import re
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.consent import rules, service
from flexsmt_site.consent.rules import Choice, Decision, Standing

NAME, VERSION = "consent", "ab2cd"
SIX = ("ads", "chat", "maps", "preferences", "statistics", "video")
THREE = SIX[:3]
SUBSETS = [frozenset(some) for some in chain(*(combinations(THREE, size) for size in range(4)))]
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

purposes = st.integers(0, len(SIX)).map(lambda count: SIX[:count])
others = st.lists(
    st.sampled_from(["lang=ru", "consent=", "consent=ab2ce.111", "xconsent=ab2cd.111", "a", ""])
)
pieces = st.sampled_from(
    [
        NAME,
        f"__Host-{NAME}",
        "=",
        VERSION,
        ".",
        "0",
        "1",
        "2",
        "101",
        ";",
        "; ",
        ";  ",
        " ",
        "\t",
        '"',
        "lang=ru",
    ]
)


def _read_by_hand(header: str, keys: tuple[str, ...]) -> frozenset[str] | None:
    """The first cookie that is exactly one of ours; browsers write one space between two."""
    for number, cookie in enumerate(header.split(";")):
        plain = cookie.removeprefix(" ") if number else cookie
        signs = plain.removeprefix(f"{NAME}={VERSION}.")
        if signs != plain and len(signs) == len(keys) and set(signs) <= set("01"):
            return frozenset(key for key, sign in zip(keys, signs, strict=True) if sign == "1")
    return None


#: No server takes a header that holds a line end.
headers = st.text(st.characters(exclude_characters="\n"))


@given(st.one_of(headers, st.lists(pieces).map("".join)), purposes)
def test_any_header_is_read_and_only_the_exact_values_count(header: str, keys: tuple[str, ...]) -> None:
    assert rules.read(header, NAME, VERSION, keys) == _read_by_hand(header, keys)


@given(st.data(), purposes, others, others)
def test_what_was_written_is_read_back_among_other_cookies(
    data: st.DataObject, keys: tuple[str, ...], before: list[str], after: list[str]
) -> None:
    granted = frozenset(data.draw(st.sets(st.sampled_from(keys)) if keys else st.just(set())))
    value = rules.written(VERSION, keys, granted)
    header = "; ".join([*before, f"{NAME}={value}", *after])

    assert len(value) <= 12
    assert re.fullmatch(r"[a-z2-7]{5}\.[01]{0,6}", value)
    assert rules.read(header, NAME, VERSION, keys) == granted


@pytest.mark.parametrize(
    "value",
    [
        *("", "ab2cd", "ab2cd.", "ab2cd.1", "ab2cd.11", "ab2cd.1111", "ab2cd.112", "ab2cd.1 1", "ab2cd:111"),
        *("AB2CD.111", "ab2ce.111", "1.111", "ab2cdx111", '"ab2cd.111"', "ab2cd.111,", "ab2cd.111 ", "true"),
        *("ab2cd.١١١", "ab2cd.%31%31%31", "1" * 8000, "ab2cd." + "1" * 8000, "\x00", "😀"),
    ],
)
def test_a_value_that_no_version_wrote_is_no_choice(value: str) -> None:
    assert rules.read(f"{NAME}={value}", NAME, VERSION, THREE) is None


@pytest.mark.parametrize("name", ["xconsent", "consent2", "Consent", "__Host-consent", "c", "", "consent "])
def test_a_cookie_of_another_name_is_no_choice(name: str) -> None:
    assert rules.read(f"{name}={VERSION}.111", NAME, VERSION, THREE) is None


@pytest.mark.promise("P5.3")
@pytest.mark.parametrize("ticked", SUBSETS, ids=lambda ticked: "+".join(sorted(ticked)))
@pytest.mark.parametrize("decision", Decision)
def test_a_decision_grants_what_it_says_and_no_more(decision: Decision, ticked: frozenset[str]) -> None:
    expected = {Decision.REJECT: frozenset(), Decision.ACCEPT: frozenset(THREE), Decision.SAVE: ticked}

    assert rules.granted(decision.value, sorted(ticked), THREE) == expected[decision]


@pytest.mark.parametrize("decision", ["", "Accept", "ACCEPT", " accept", "yes", "1", "accept\x00", "reject;"])
def test_another_decision_is_refused(decision: str) -> None:
    with pytest.raises(rules.UnknownChoice, match="offered are"):
        rules.granted(decision, THREE, THREE)


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("chosen", [["tracking"], ["ads", "tracking"], [""], ["necessary"], ["ADS"]])
def test_a_purpose_that_is_not_on_offer_is_refused_with_every_decision(
    decision: Decision, chosen: list[str]
) -> None:
    with pytest.raises(rules.UnknownChoice):
        rules.granted(decision.value, chosen, THREE)


@given(st.text(), st.lists(st.text()))
def test_whatever_is_sent_grants_what_is_offered_or_is_refused(decision: str, chosen: list[str]) -> None:
    try:
        assert rules.granted(decision, chosen, THREE) <= set(THREE)
    except rules.UnknownChoice:
        assert decision not in set(Decision) or not set(chosen) <= set(THREE)


@pytest.mark.parametrize(
    ("granted", "gpc", "standing"),
    [
        (None, False, Standing.UNDECIDED),
        (None, True, Standing.GPC),
        (frozenset(), False, Standing.REFUSED),
        (frozenset(), True, Standing.REFUSED),
        (frozenset(THREE), False, Standing.ACCEPTED),
        (frozenset(THREE[:1]), True, Standing.ACCEPTED),
    ],
)
def test_a_choice_outweighs_the_signal_of_the_browser(
    granted: frozenset[str] | None,
    gpc: bool,  # noqa: FBT001
    standing: Standing,
) -> None:
    assert Choice(granted, gpc=gpc).standing is standing


@pytest.mark.parametrize(
    ("decided", "ends"),
    [
        ("2026-11-23", "2028-05-26"),
        ("2026-06-30", "2027-12-31"),
        ("2026-07-01", "2028-01-01"),
        # The life of the choice ends on 29 February, which the year after has not.
        ("2027-08-29", "2029-02-28"),
        ("2027-08-30", "2029-03-01"),
        # The year after the life holds a 29 February.
        ("2026-08-28", "2028-02-28"),
        ("2026-08-29", "2028-03-01"),
    ],
)
def test_the_proof_of_a_choice_goes_twelve_months_after_the_choice_has_run_out(
    decided: str, ends: str
) -> None:
    made, gone = (datetime.fromisoformat(f"{day}T13:14:15.161718+00:00") for day in (decided, ends))

    assert rules.proof_ends(made) == gone
    assert not rules.is_due(made, gone - timedelta(microseconds=1))
    assert rules.is_due(made, gone)


@given(MOMENTS)
def test_every_proof_ends_a_calendar_year_after_the_life_of_its_choice(decided: datetime) -> None:
    ended, ends = decided + rules.LIFE, rules.proof_ends(decided)

    assert ends - ended in (timedelta(days=365), timedelta(days=366))
    assert (ends.month, ends.day) == (ended.month, ended.day) or (ended.day, ends.day) == (29, 28)
    # What the service looks through before it asks the rule is never too little.
    assert ends - decided >= service._NEVER_SOONER  # noqa: SLF001
