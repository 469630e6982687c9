"""What differs between two texts: exact, readable, and found whatever the texts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.policy import difference
from flexsmt_site.policy.difference import BREAK, Piece

#: Few words, so that much is in common by chance.
WORDS = st.lists(st.sampled_from(["a", "the", "data", "we", "keep", BREAK]), max_size=60)
SECTION = '<section class="clause" id="c{0}"><h2 id="c{0}-title"><span>{0}</span> Title {0}</h2>{1}</section>'


def joined(pieces: list[Piece], *kinds: str) -> list[str]:
    return [word for piece in pieces if piece.kind in kinds for word in piece.words]


@pytest.mark.promise("P14.2")
@given(old=WORDS, new=WORDS)
def test_kept_and_removed_words_are_the_old_text_kept_and_added_ones_the_new(
    old: list[str], new: list[str]
) -> None:
    pieces = difference.compare(old, new)

    assert joined(pieces, "kept", "removed") == old
    assert joined(pieces, "kept", "added") == new
    assert all(piece.words for piece in pieces)


@given(words=WORDS)
def test_the_same_text_does_not_differ(words: list[str]) -> None:
    assert joined(difference.compare(words, words), "removed", "added") == []


@given(before=WORDS, inside=WORDS.filter(bool), after=WORDS)
def test_what_is_put_in_between_is_all_that_is_added(
    before: list[str], inside: list[str], after: list[str]
) -> None:
    pieces = difference.compare([*before, *after], [*before, *inside, *after])

    assert joined(pieces, "removed") == []
    assert len(joined(pieces, "added")) == len(inside)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x " * 60_000, "x " * 30_000 + "y " * 30_000),
        ("a b " * 30_000, "b b a " * 20_000),
        (" ".join(f"w{n}" for n in range(50_000)), " ".join(f"w{n}" for n in range(49_999, -1, -1))),
        ("a " * 50_000, "b " * 50_000),
        ("a b c d " * 10_000, "d c b a " * 10_000),
    ],
)
def test_long_texts_of_every_kind_are_compared_to_their_end(old: str, new: str) -> None:
    one, two = old.split(), new.split()
    pieces = difference.compare(one, two)

    assert joined(pieces, "kept", "removed") == one
    assert joined(pieces, "kept", "added") == two


def test_a_changed_word_is_found_between_the_others() -> None:
    old = ["We", "keep", "your", "data", "for", "six", "months", "after", "it", "came", "in."]
    new = ["We", "keep", "your", "data", "for", "seven", "months", "after", "it", "came", "in."]

    assert [(piece.kind, piece.text) for piece in difference.compare(old, new)] == [
        ("kept", "We keep your data for"),
        ("removed", "six"),
        ("added", "seven"),
        ("kept", "months after it came in."),
    ]


def test_clauses_that_came_went_or_lead_elsewhere_are_named() -> None:
    older = "".join(
        SECTION.format(number, f'<p>Text <a href="/en/x">{number}</a>.</p>') for number in (0, 1, 2)
    )
    newer = "".join(
        SECTION.format(number, f'<p>Text <a href="/en/x">{number}</a>.</p>') for number in (0, 2, 3)
    )
    newer = newer.replace('/en/x">2', '/en/y">2')

    assert [(change.number, change.title, change.kind) for change in difference.of(older, newer)] == [
        (1, "Title 1", "removed"),
        (2, "Title 2", "links"),
        (3, "Title 3", "added"),
    ]


def test_a_new_paragraph_stands_by_itself() -> None:
    old = SECTION.format(1, "<p>One two three.</p><p>Four five six.</p>")
    new = SECTION.format(1, "<p>One two three.</p><p>In between it stands.</p><p>Four five six.</p>")
    (change,) = difference.of(old, new)

    assert [[(piece.kind, piece.text) for piece in row] for row in change.differing] == [
        [("added", "In between it stands.")]
    ]
