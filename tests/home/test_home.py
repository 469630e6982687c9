import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flexsmt_site import clock, create_app
from tests.conftest import make_settings
from tests.ground.visitors import OWN, Visitor, visit

PATHS = ("/", "/privacy", "/privacy/versions", "/contact", "/settings", "/promises")
XML = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_home_page_opens_three_doors(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/").text

    for door in ("contact", "privacy", "settings"):
        assert f'href="/{language}/{door}"' in page


@pytest.mark.parametrize(("language", "words"), [("en", "We make machines."), ("ru", "Мы делаем машины.")])
def test_the_companys_own_sentence_stands_on_the_home_page(tmp_path: Path, language: str, words: str) -> None:
    about = '[about]\nen = "We make machines."\nru = "Мы делаем машины."\n'
    (tmp_path / "company.toml").write_text(about)

    assert words in visit(create_app(make_settings(tmp_path))).get(f"/{language}/").text


def test_a_sentence_in_one_language_leaves_the_other_page_with_ours(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('[about]\nen = "We make machines."\n')

    assert visit(create_app(make_settings(tmp_path))).get("/ru/").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_each_page_names_its_other_language(visitor: Visitor, path: str) -> None:
    page = visitor.get(f"/ru{path}").text

    assert f'<link rel="canonical" href="{OWN}/ru{path}">' in page
    for code, address in (("en", f"/en{path}"), ("ru", f"/ru{path}"), ("x-default", path)):
        assert f'<link rel="alternate" hreflang="{code}" href="{OWN}{address}">' in page


def test_the_sitemap_lists_every_page_with_its_other_language(visitor: Visitor) -> None:
    answer = visitor.get("/sitemap.xml")
    urls = ET.fromstring(answer.data).findall("s:url", XML)  # noqa: S314 (our own)
    listed = {url.findtext("s:loc", "", XML): url for url in urls}

    assert answer.mimetype == "application/xml"
    assert set(listed) == {f"{OWN}/{code}{path}" for code in ("en", "ru") for path in PATHS}
    for url in urls:
        links = {link.get("hreflang"): link.get("href", "") for link in url.findall("x:link", XML)}
        assert set(links) == {"en", "ru", "x-default"}
        assert all(visitor.get(href.removeprefix(OWN)).status_code in (200, 302) for href in links.values())


def test_crawlers_are_kept_from_what_is_not_public(visitor: Visitor) -> None:
    answer = visitor.get("/robots.txt")

    assert answer.mimetype == "text/plain"
    assert f"Sitemap: {OWN}/sitemap.xml" in answer.text
    assert "Disallow: /dev/\n" in answer.text


def test_finders_of_a_fault_are_told_whom_to_write_to(visitor: Visitor) -> None:
    answer = visitor.get("/.well-known/security.txt")
    fields = dict(re.findall(r"^([\w-]+): (.+)$", answer.text, re.MULTILINE))
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    assert fields["Contact"] == f"{OWN}/en/contact"
    assert timedelta(days=300) < expires - clock.now() < timedelta(days=365)
    assert fields["Canonical"] == f"{OWN}/.well-known/security.txt"


def test_the_companys_address_is_the_contact_where_it_is_set(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('email = "post@example.com"\n')
    answer = visit(create_app(make_settings(tmp_path))).get("/.well-known/security.txt")

    assert "Contact: mailto:post@example.com\n" in answer.text


def test_the_site_says_that_it_honours_global_privacy_control(visitor: Visitor) -> None:
    answer = visitor.get("/.well-known/gpc.json")

    assert answer.get_json()["gpc"] is True
    assert datetime.fromisoformat(answer.get_json()["lastUpdate"])


def test_browsers_find_the_icon_without_reading_a_page(visitor: Visitor) -> None:
    answer = visitor.get("/favicon.ico")

    assert (answer.status_code, answer.mimetype) == (200, "image/x-icon")
    assert answer.data[:4] == b"\0\0\1\0"
