from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from flexsmt_site import clock, health
from flexsmt_site.config import Settings
from flexsmt_site.contact import checks
from tests.contact.form import PUBLIC, take
from tests.ground.test_settings import PRODUCTION

SEEN = "enquiries come from this machine or a private network: "
WORDS = SEEN + "a proxy is not declared"


@pytest.fixture
def production(settings: Settings) -> Settings:
    return replace(settings, env="production")


@pytest.mark.usefixtures("form")
def test_visitors_behind_an_undeclared_proxy_are_a_warning_that_names_the_setting(
    production: Settings,
) -> None:
    assert list(checks.proxy(production)) == []
    take(clock.now(), "10.0.0.1")

    (found,) = checks.proxy(production)
    assert (found.level, found.what) == ("warning", WORDS)
    assert "FLEXSMT_TRUSTED_PROXIES" in found.mend


@pytest.mark.usefixtures("form")
def test_it_is_none_in_a_demo(settings: Settings) -> None:
    take(clock.now(), "127.0.0.1")
    assert list(checks.proxy(settings)) == []


@pytest.mark.usefixtures("form")
def test_a_declared_proxy_that_hides_all_visitors_is_a_warning_of_number_and_header(
    production: Settings,
) -> None:
    declared = replace(production, trusted_proxies=1)
    take(clock.now(), PUBLIC)
    assert list(checks.proxy(declared)) == []
    take(clock.now(), "127.0.0.1")

    (found,) = checks.proxy(declared)
    cause = "FLEXSMT_TRUSTED_PROXIES is too low, or the proxy's header holds no plain address"
    assert (found.level, found.what) == ("warning", SEEN + cause)


@pytest.mark.usefixtures("form")
def test_visitors_from_networks_and_those_of_long_ago_are_none(production: Settings) -> None:
    take(clock.now() - timedelta(hours=49), "127.0.0.1")
    take(clock.now(), PUBLIC)

    assert list(checks.proxy(production)) == []


class TestDoctor:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return PRODUCTION

    def test_doctor_says_so(self, app: Flask, settings: Settings) -> None:
        with app.app_context():
            take(clock.now(), "192.168.0.1")
            assert WORDS in [found.what for found in health.findings(settings)]
