"""Words that show where each text stands in what is made of them."""

from itertools import count

from babel.support import NullTranslations, Translations

from flexsmt_site.editor import marks
from flexsmt_site.language import overlay
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.words import Words

_Catalogue = Translations | NullTranslations

#: One numbering for the whole process: finished pieces of pages are kept with the marks in them.
_numbers: dict[Text, int] = {}
_texts: dict[int, Text] = {}
_next = count(1)


def marked(found: Words) -> Words:
    """Return the same words with a mark around each text."""
    return Words(f"{found.name} marked", lambda domain, lang: _Marked(found, domain, lang))


def text_of(number: int) -> Text:
    """Return the text whose mark has a number."""
    return _texts[number]


def texts_in(made: str) -> list[Text]:
    """Return the texts in what was made of marked words, in order, each once."""
    return [_texts[number] for number in marks.numbers(made)]


def _number(text: Text) -> int:
    if text not in _numbers:
        # Counted first: two threads at the same text waste a number and share none.
        _texts[_numbers.setdefault(text, next(_next))] = text
    return _numbers[text]


class _Marked(NullTranslations):
    """A catalogue whose texts come marked; what no file has comes as it is."""

    def __init__(self, found: Words, domain: str, language: str) -> None:
        super().__init__()
        self._found: _Catalogue = found.catalogue(domain, language)
        # Gettext finds a text by context and msgid alone, whatever its plural says.
        self._texts = {
            (value.text.context, value.text.msgid): value.text
            for value in overlay.values(domain, language).values()
        }

    def ugettext(self, message: str) -> str:
        return self._marked(None, message, self._found.ugettext(message))

    def ungettext(self, one: str, many: str, number: int) -> str:
        return self._marked(None, one, self._found.ungettext(one, many, number))

    def upgettext(self, context: str, message: str) -> str:
        return self._marked(context, message, self._found.upgettext(context, message))

    def unpgettext(self, context: str, one: str, many: str, number: int) -> str:
        return self._marked(context, one, self._found.unpgettext(context, one, many, number))

    def _marked(self, context: str | None, message: str, said: str) -> str:
        text = self._texts.get((context, message))
        return said if text is None else marks.put(_number(text), said)
