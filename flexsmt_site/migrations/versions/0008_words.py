"""the words that enquiries are found by, kept by the database itself"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXT = ("first_name", "last_name", "company", "email", "city", "description")
_COLUMNS = ("reference", "country", *_TEXT)
# As in contact.words; a test holds the words of one against those of the other.
_SIGNS = (
    r"0-9a-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0306\u0370-\u0559\u0560-\u0588"
    r"\u058b-\u05bd\u05bf-\u05f2\u05f5-\u060b\u060d-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u0963"
    r"\u0966-\u1fff\u2c00-\u2dff\u3005-\u3007\u3021-\u302f\u3031-\u303c\u3040-\ud7ff\uf900-\ufdff"
    r"\ufe70-\ufefe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\U00010000-\U0001cfff"
    r"\U0001e000-\U0001efff\U00020000-\U0003ffff"
)
_ACCENTS = r"[\u0300-\u0305\u0307-\u036f]|(?<![иИ])\u0306"
# A server whose locale is C knows no letters but those of ASCII.
_CAPITALS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЂЈЉЊЋЏҐÆÐØÞĐŁŒς"
_SMALL = "абвгдежзиклмнопрстуфхцчшщъыьэюяєіђјљњћџґæðøþđłœσ"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _create_table()
    else:
        # Built-in functions alone: a copy of the tables takes none of ours along.
        op.execute(f"ALTER TABLE enquiry ADD COLUMN words tsvector GENERATED ALWAYS AS ({_words()}) STORED")
        # With its fast updates every search would walk through what is not in the index yet.
        op.execute("CREATE INDEX ix_enquiry_words ON enquiry USING gin (words) WITH (fastupdate = off)")


def _words() -> str:
    text = " || ' ' || ".join(("substr(reference, 4)", *_TEXT))
    plain = f"regexp_replace(normalize({text}, NFD), '{_ACCENTS}', '', 'g')"
    folded = f"lower(translate({plain}, '{_CAPITALS}', '{_SMALL}'))"
    short = rf"regexp_replace({folded}, '([{_SIGNS}]{{40}})', '\1 ', 'g')"
    split = f"array_remove(regexp_split_to_array({short}, '[^{_SIGNS}]+'), '')"
    return f"array_to_tsvector(array_append({split}, '@' || lower(country)))"


def _create_table() -> None:
    op.execute(
        "CREATE TABLE enquiry_word (enquiry_id INTEGER NOT NULL, word TEXT NOT NULL, "
        "PRIMARY KEY (enquiry_id, word)) WITHOUT ROWID"
    )
    op.execute("CREATE INDEX ix_enquiry_word_word ON enquiry_word (word, enquiry_id)")
    # Triggers, not a foreign key: it would empty the table whenever Alembic copies that of enquiries.
    add, forget = _adding("new"), "DELETE FROM enquiry_word WHERE enquiry_id = old.id;"
    for name, event, body in (
        ("added", "INSERT ON", add),
        ("changed", f"UPDATE OF {', '.join(_COLUMNS)} ON", f"{forget} {add}"),
        ("erased", "DELETE ON", forget),
    ):
        op.execute(f"CREATE TRIGGER enquiry_word_{name} AFTER {event} enquiry BEGIN {body} END")
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM enquiry)")):
        op.execute(_adding("enquiry", ", enquiry").removesuffix(";"))


def _adding(row: str, source: str = "") -> str:
    text = " || ' ' || ".join((f"substr({row}.reference, 4)", *(f"{row}.{name}" for name in _TEXT)))
    return (
        f"INSERT INTO enquiry_word (enquiry_id, word) SELECT {row}.id, found.value "
        f"FROM json_each(enquiry_words({row}.country, {text})) AS found{source};"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "changed", "erased"):
            op.execute(f"DROP TRIGGER enquiry_word_{name}")
        op.drop_table("enquiry_word")
    else:
        op.execute("DROP INDEX ix_enquiry_words")
        op.execute("ALTER TABLE enquiry DROP COLUMN words")
