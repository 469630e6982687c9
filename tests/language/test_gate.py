import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.language import audit, gate
from flexsmt_site.language.gate_entry import Entry, Finding, Term

GLOSSARY = (Term("enquiry", "обращение"), Term("cookie", "файл cookie"), Term("settings", "настройки"))


def findings(source: str, *strings: str, **more: object) -> list[Finding]:
    entry = Entry(**{"locale": "ru", "domain": "messages", "msgid": source, "strings": strings, **more})  # type: ignore[arg-type]
    return gate.check(entry, GLOSSARY)


def rules_of(level: str, source: str, *strings: str, **more: object) -> set[str]:
    return {finding.rule for finding in findings(source, *strings, **more) if finding.level == level}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Contact", "Связь"),
        ("Hello, %(name)s!", "Здравствуйте, %(name)s!"),
        ("100%% of it", "100%% всего"),
        ("100 % of it", "100 % всего"),
        ("100 % sure", "На 100 % уверены"),
        (
            'Read <a href="%(url)s">the <em>policy</em></a>.',
            'Читайте <a href="%(url)s"><em>политику</em></a>.',
        ),
        ("Say “yes” to it", "Скажите «да»"),
        ("<b>Cookie</b> settings", "<b>Настройки</b> файлов cookie"),
        ("Your enquiries", "Ваши обращения"),
        ("Write to sales@example.com.", "Пишите на sales@example.com."),
        ('Photo <img src="a.png" alt="a line">', 'Снимок <img src="a.png" alt="линия">'),
        ("5,000 characters", "5\u00a0000 знаков"),
        ("Flex SMT", "Flex SMT"),
    ],
)
def test_a_good_translation_passes_without_errors(source: str, text: str) -> None:
    assert rules_of("error", source, text) == set()


@pytest.mark.parametrize(
    ("source", "text", "rule"),
    [
        ("Hello %(name)s", "Привет", "placeholder"),
        ("Hello %(name)s", "Привет, %(name)s %(name)s", "placeholder"),
        ("Hello %(name)s", "Привет, %(name)d", "placeholder"),
        ("Hello %(name)s", "Привет, %s", "placeholder"),
        ("Hello %(name)s", "Привет, %(имя)s", "format"),
        ("Hello %(name)s!", "Привет, %(name)!", "format"),
        ("Hello %(name)s", "Привет, %(name)s 5%", "format"),
        ("Hello %(name)s", "Привет, %(name", "format"),
        ("Discount", "Скидка 5% всем", "format"),
        ("Discount", "Скидка %%", "placeholder"),
        ("100 % of it", "всё", "format"),
        ("Keep {name} here", "Храните тут", "brace"),
        ("Keep it", "Храните {{ config }}", "brace"),
        ("<b>Bold</b>", "Жирный", "markup"),
        ("Plain", "<b>Жирный</b>", "markup"),
        ('<a href="/x">a</a>', '<a href="/x" onclick="go()">а</a>', "markup"),
        ('<a href="/x">a</a>', '<a href="javascript:go()">а</a>', "markup"),
        ('<a href="/x">a</a>', '<a href="/x">а', "markup"),
        ("<b>a</b>", "<b>а<b>", "nesting"),
        ("<b><i>a</i></b>", "<b><i>а</b></i>", "nesting"),
        ("a", "а < б", "markup"),
        ("a", "а<!-- б -->", "markup"),
        ("a\n", "а", "edge"),
        ("a", "\nа", "edge"),
        ("a", "а\u0007", "character"),
        ("a", "а\r", "character"),
        ("a", "\u202eа", "character"),
        ("a", "а\u2066б\u2069", "character"),
        ("a", "а\u200bб", "character"),
        ("a", "а\ufeff", "character"),
        ("a", "\ud800", "character"),
        ("a", "", "empty"),
        ("a", " \u00a0", "empty"),
    ],
)
def test_what_would_break_a_page_is_an_error(source: str, text: str, rule: str) -> None:
    assert rule in rules_of("error", source, text)


@pytest.mark.parametrize("comment", ["NOTE: max=10", "NOTE: on a button, max=10 characters"])
def test_a_text_longer_than_its_room_is_an_error(comment: str) -> None:
    assert rules_of("error", "Settings", "Настройка", comments=(comment,)) == set()
    assert rules_of("error", "Settings", "Все настройки", comments=(comment,)) == {"length"}


def test_a_fuzzy_text_is_an_error() -> None:
    assert rules_of("error", "Contact", "Связь", flags=frozenset({"fuzzy"})) == {"fuzzy"}


def test_russian_has_three_plural_forms() -> None:
    good = ("%(num)s вещь", "%(num)s вещи", "%(num)s вещей")

    assert rules_of("error", "%(num)s thing", *good, plural="%(num)s things") == set()
    assert rules_of("error", "%(num)s thing", *good[:2], plural="%(num)s things") == {"plural-forms"}
    assert rules_of("error", "%(num)s thing", *good, "", plural="%(num)s things") == {"plural-forms", "empty"}
    assert rules_of("error", "%(num)s thing", good[0], "", good[2], plural="%(num)s things") == {"empty"}


def test_the_russian_first_form_needs_its_number_for_it_is_also_that_of_21() -> None:
    forms = ("Одна вещь", "%(num)s вещи", "%(num)s вещей")

    assert rules_of("error", "One thing", *forms, plural="%(num)s things") == {"placeholder"}


def test_the_english_first_form_may_go_without_its_number() -> None:
    forms = ("One thing", "%(num)s things")

    assert rules_of("error", "One thing", *forms, plural="%(num)s things", locale="en") == set()


@pytest.mark.parametrize(
    ("source", "text", "rule"),
    [
        ("Contact", "Contact", "same"),
        ("Read our privacy policy", "Читайте нашу privacy", "english"),
        ("It is done.", "Готово", "ending"),
        ("Is it done?", "Готово.", "ending"),
        ("Say it", 'Скажите "да"', "quotes"),
        ("Say it", "Скажите “да”", "quotes"),
        ("Say it", "Скажите «да", "quotes"),
        ("Say it", "Скажите  да", "spaces"),
        ("Say it", "Скажите ", "spaces"),
        ("Say it", "Cкажите", "alphabets"),
        ("Say it", "Скажите это это", "repeated"),
        ("Within 7 days", "Скоро", "number"),
        ("On 1 March 2026", "1 марта", "number"),
        ("Within seven months", "В течение шести месяцев", "number"),
        ("Write to a@example.com", "Пишите нам", "address"),
        ("See https://example.com/a", "Смотрите у нас", "address"),
        ("Your enquiry", "Ваш вопрос", "glossary"),
        ("Cookie settings", "Параметры файлов cookie", "glossary"),
    ],
)
def test_what_reads_badly_is_a_warning(source: str, text: str, rule: str) -> None:
    assert rule in rules_of("warning", source, text)
    assert rule not in rules_of("error", source, text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Cookie", "Файл cookie"),
        ("Your enquiries.", "Все обращения."),
        ("In your settings", "В ваших настройках"),
        ("It said “yes” twice.", "Сказано «да» дважды."),
        ("Quote", "Он сказал: «Это „да“»"),
        ("It keeps 48 hours.", "Хранится 48 часов."),
        ("See https://example.com/a.", "Смотрите https://example.com/a."),
        ("Flex SMT on LinkedIn", "Flex SMT в LinkedIn"),
    ],
)
def test_a_translation_that_reads_well_has_no_warning(source: str, text: str) -> None:
    assert findings(source, text) == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("after seven months", "через семь месяцев"),
        ("after seven months", "через 7 месяцев"),
        ("within 30 days", "в течение тридцати дней"),
        ("within 48 hours", "в течение 48 часов"),
        ("at most 5,000 characters", "не более 5\u00a0000 знаков"),
        ("24 months after 1 March 2026", "24 месяца после 1 марта 2026"),
        ("every two years, article 6(1)(f)", "каждые два года, статья 6(1)(f)"),
        ("within 10 working days", "в течение 10 рабочих дней"),
        ("for %(months)s months", "%(months)s месяцев"),
    ],
)
def test_the_policy_may_say_a_number_in_words_or_figures(source: str, text: str) -> None:
    assert rules_of("error", source, text, domain="policy") == set()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("after seven months", "через шесть месяцев"),
        ("after seven months", "через семь дней"),
        ("after seven months", "позже"),
        ("after 30 days", "через 31 день"),
        ("soon", "через 30 дней"),
        ("article 6", "статья 7"),
        ("at most 5,000 characters", "не более 500 знаков"),
    ],
)
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_another_number_in_the_policy_is_an_error(source: str, text: str, locale: str) -> None:
    assert "number" in rules_of("error", source, text, domain="policy", locale=locale)


def test_rewording_english_must_not_change_a_period_of_the_policy() -> None:
    source = "We delete it after seven months."

    assert rules_of("error", source, "It goes after 7 months.", domain="policy", locale="en") == set()
    assert rules_of("error", source, "It goes after 8 months.", domain="policy", locale="en") == {"number"}


def test_english_may_stay_as_it_is() -> None:
    assert findings("Read our privacy policy.", "Read our privacy policy.", locale="en") == []


def test_errors_come_first_and_each_says_how_to_mend_it() -> None:
    found = findings("Hello %(name)s.", "Привет  5%")

    assert [finding.level for finding in found] == sorted(finding.level for finding in found)
    assert {finding.level for finding in found} == {"error", "warning"}
    assert all(finding.what and finding.mend for finding in found)


@given(
    source=st.text(alphabet="ab%()sd{}<>/=\"' &;\n!-", max_size=40),
    form=st.text(alphabet="аб%()sdname{}<>/=\"' &;\n!-", max_size=40),
)
def test_no_text_makes_the_gate_raise(source: str, form: str) -> None:
    findings(source, form)


@given(form=st.text(max_size=60))
def test_a_text_without_errors_can_be_filled_in(form: str) -> None:
    source = "Hello %(name)s"
    if not rules_of("error", source, form):
        assert "Ann" in form % {"name": "Ann"}


def test_the_glossary_of_the_project_is_read() -> None:
    assert Term("enquiry", "обращение") in audit.glossary()


@pytest.mark.parametrize("form", ["x" * 20_000, "%(" * 10_000, "<a " * 6000, "1" * 20_000, "a." * 10_000])
def test_a_text_far_longer_than_its_source_is_refused_at_once(form: str) -> None:
    (found,) = gate.check(Entry("ru", "messages", "Send it", (form,)))
    assert (found.level, found.rule) == ("error", "length")
    assert "at most 528" in found.what
