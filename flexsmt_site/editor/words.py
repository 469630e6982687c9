"""How texts, drafts and filters are called on the editor's pages."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from flexsmt_site.editor.rules import Show
from flexsmt_site.language.edit_rules import State

SHOWS: dict[Show | None, LazyString] = {
    None: _l("All texts"),
    Show.MISSING: _l("Missing"),
    Show.CHANGED: _l("English reworded"),
    Show.CONFLICT: _l("Conflict"),
    Show.WARNING: _l("To be checked"),
    Show.DRAFT: _l("Drafts"),
    Show.REVIEW: _l("Handed in"),
    Show.DIFFERS: _l("Differs from the project"),
}
EMPTY: dict[Show | None, LazyString] = {
    None: _l("There are no texts. The catalogues of the site are missing."),
    Show.MISSING: _l("Nothing is missing: every text is there in both languages."),
    Show.CHANGED: _l("No English text was reworded without the Russian one."),
    Show.CONFLICT: _l("Nothing that was edited here has been changed in the project too."),
    Show.WARNING: _l("The check finds nothing in any text."),
    Show.DRAFT: _l("Nobody has a draft."),
    Show.REVIEW: _l("Nothing waits for a second pair of eyes."),
    Show.DIFFERS: _l("Visitors read the texts of the project, word for word."),
}
DOMAINS: dict[str, LazyString] = {
    "": _l("All places"),
    "messages": _l("Pages"),
    "policy": _l("Privacy policy"),
    "mail": _l("Mails"),
}
STATES: dict[State, LazyString] = {
    "draft": _l("Draft"),
    "review": _l("Handed in"),
    "published": _l("Published"),
    "replaced": _l("Replaced by a later one"),
    "withdrawn": _l("Dropped"),
    "retired": _l("Taken over into the project"),
}
#: What the rules of the gate ask for, by their names.
RULES: dict[str, LazyString] = {
    "fuzzy": _l("The text is marked as unsure, so nobody sees it."),
    "plural-forms": _l("Give a wording for each of the numbers."),
    "empty": _l("Write the text: nothing may stay empty."),
    "format": _l("With this text the page would fail: use the placeholders of the source alone."),
    "placeholder": _l("Keep each placeholder as it is: something is put there."),
    "brace": _l("Keep what stands in braces as it is."),
    "markup": _l("Keep the tags of the source, no more and no fewer."),
    "nesting": _l("Close first what was opened last."),
    "edge": _l("Begin and end with as many line breaks as the source."),
    "character": _l("Delete a character that can not be seen."),
    "length": _l("Say it in fewer words: there is no room."),
    "number": _l("Say the same numbers and periods as the source."),
    "address": _l("Keep the address of the source."),
    "same": _l("This is the same as the English text. Leave it if it is a name."),
    "english": _l("Translate the English words that are left."),
    "ending": _l("End the text with the same sign as the source."),
    "quotes": _l("Use the quotes of the language, and close each."),
    "spaces": _l("Leave one space, and none at the ends."),
    "alphabets": _l("Latin and Cyrillic letters are mixed in a word: type it again."),
    "repeated": _l("A word stands twice in a row."),
    "glossary": _l("Use the agreed words."),
}
#: Said after each deed.
DONE: dict[str, LazyString] = {
    "save": _l("The draft is saved. Visitors read it when it is published."),
    "same": _l("This is what visitors read already, so there is nothing to save."),
    "hand-in": _l("Handed in: it waits for somebody who publishes."),
    "take-back": _l("It is a draft again."),
    "drop": _l("The draft is dropped. It stays in the history."),
    "forget": _l("What was not saved is gone."),
    "use": _l("This wording is your draft now."),
}
