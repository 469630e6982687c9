import re

import pytest

from flexsmt_site import cookies
from tests.ground.visitors import Visitor


@pytest.mark.promise("P5.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_lists_every_cookie_that_the_site_can_set(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/settings").text

    listed = re.findall(r'<th scope="row"><code>(\w+)</code></th>', page)
    assert listed == [cookie.name for cookie in cookies.declared()]


@pytest.mark.promise("P5.2")
def test_the_only_cookie_of_a_whole_visit_is_the_one_that_was_asked_for(visitor: Visitor) -> None:
    paths = ("/", "/en/", "/ru/privacy", "/en/contact", "/en/settings", "/en/promises", "/en/nothing")
    answers = [visitor.get(path) for path in paths]
    answers.append(visitor.post("/language", data={"language": "ru", "next": "/en/settings"}))
    seen = [written for answer in answers for written in answer.headers.getlist("Set-Cookie")]

    assert [written.partition("=")[0] for written in seen] == ["lang"]
    assert {cookie.name for cookie in cookies.declared()} >= {"lang"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_language_can_be_chosen_here_and_the_choice_comes_back_here(
    visitor: Visitor, language: str
) -> None:
    page = visitor.get("/en/settings").text
    target = re.search(r'name="next" value="([^"]+)"', page)
    assert target
    answer = visitor.post("/language", data={"language": language, "next": target[1]})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{language}/settings")


def test_the_page_leads_to_asking_about_ones_data(visitor: Visitor) -> None:
    assert 'href="/en/contact?subject=my-data"' in visitor.get("/en/settings").text
