"""The editor as somebody of the staff meets it in a browser, and what is kept behind it."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from flexsmt_site.language import edits
from flexsmt_site.language.edit_rules import Text
from tests.ground.visitors import Visitor
from tests.language.publishing import SKIP
from tests.staff.members import token_on

HTMX = {"HX-Request": "true"}
LINK = Text("messages", "en", SKIP)
RUSSIAN = Text("messages", "ru", SKIP)
MAIL = Text("mail", "en", "Sign in")


def words_of(answer: TestResponse) -> str:
    """The page as one reads it: its main part without tags."""
    main = answer.text.partition("<main")[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def sent_by(answer: TestResponse) -> dict[str, str]:
    """What the first form for words on a page sends."""
    form = answer.text.partition('class="words"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    typed = dict(re.findall(r'name="(form\d)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL))
    return {name: unescape(value) for name, value in {**hidden, **typed}.items()}


@dataclass(frozen=True)
class WordsDesk:
    """One member's browser before the editor."""

    app: Flask
    browser: Visitor

    def get(
        self, path: str = "words", language: str = "en", *, htmx: bool = False, **query: Any
    ) -> TestResponse:
        headers = HTMX if htmx else {}
        preview = path.removeprefix("preview/")
        place = f"preview/{language}/{preview}" if preview != path else f"{language}/{path}"
        return self.browser.get(f"/staff/{place}", query_string=query or None, headers=headers)

    def opens(self, text: Text = LINK, **query: Any) -> TestResponse:
        answer = self.get(self.place(text), **query)
        assert answer.status_code == 200, answer.text
        return answer

    def sends(
        self,
        *strings: str,
        text: Text = LINK,
        seen: TestResponse | None = None,
        do: str = "save",
        htmx: bool = False,
        **more: str,
    ) -> TestResponse:
        """Type into the form of a text as it was seen, and press a button."""
        data = sent_by(seen or self.opens(text))
        data |= {f"form{number}": string for number, string in enumerate(strings)} | {"do": do, **more}
        return self.browser.post(f"/staff/en/{self.place(text)}", data=data, headers=HTMX if htmx else {})

    def types(self, *strings: str, text: Text = LINK, seen: TestResponse) -> TestResponse:
        """Stop typing for a moment."""
        data = sent_by(seen) | {f"form{number}": string for number, string in enumerate(strings)}
        return self.browser.post(f"/staff/en/{self.place(text)}/typed", data=data, headers=HTMX)

    def token(self) -> str:
        return token_on(self.get().text)

    def states(self, text: Text = LINK) -> list[tuple[str, str]]:
        """Each edit of a text with its state, oldest first."""
        with self.app.app_context():
            return [(found.strings[0], found.state) for found in edits.history(text)[::-1]]

    @staticmethod
    def place(text: Text) -> str:
        return f"words/{text.domain}/{text.locale}/{text.key}"
