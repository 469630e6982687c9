from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import networks
from flexsmt_site.networks import NEARBY

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NETWORK = "203.0.113.0/24"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.0", NETWORK),
        ("203.0.113.255", NETWORK),
        ("203.0.114.1", "203.0.114.0/24"),
        ("2001:db8:0:ff::1", "2001:db8::/56"),
        ("2001:db8:0:100::1", "2001:db8:0:100::/56"),
        *(("172.32.0.1", "172.32.0.0/24"), ("192.169.0.1", "192.169.0.0/24")),
    ],
)
def test_a_network_is_a_24_of_ipv4_and_a_56_of_ipv6(address: str, network: str) -> None:
    assert networks.network_of(ip_address(address)) == network


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.0.1", "100.64.0.1", "::1", "fe80::1", "fc00::1", "fdff::1"),
    ],
)
def test_this_machine_and_private_networks_are_no_network_of_visitors(address: str) -> None:
    assert networks.network_of(ip_address(address)) == NEARBY


def test_an_address_that_can_not_be_read_is_no_network_of_visitors() -> None:
    assert networks.network_of(None) == NEARBY


@given(st.ip_addresses())
def test_every_address_is_nearby_or_in_its_network(address: object) -> None:
    found = ip_address(str(address))
    network = networks.network_of(found)

    assert network == NEARBY or found in ip_network(network)


def test_in_the_middle_of_a_day_there_is_one_key() -> None:
    assert len(networks.keys(NETWORK, NOON, "secret")) == 1


@pytest.mark.parametrize("moment", [MIDNIGHT - MINUTE, MIDNIGHT, MIDNIGHT + MINUTE])
def test_around_midnight_there_are_the_keys_of_both_days(moment: datetime) -> None:
    (today,) = networks.keys(NETWORK, NOON, "secret")
    found = networks.keys(NETWORK, moment, "secret")

    assert len(found) == 2
    assert today in found
    assert (found[0] == today) == (moment < MIDNIGHT)


def test_a_key_is_another_one_for_each_day_network_and_secret() -> None:
    keys = {
        networks.keys(network, moment, secret)[0]
        for network in (NETWORK, "203.0.114.0/24", "2001:db8::/56")
        for moment in (NOON, NOON + timedelta(days=1))
        for secret in ("one", "other")
    }

    assert len(keys) == 12
    assert all(len(key) == 64 and "203.0.113" not in key for key in keys)


def test_neighbours_have_one_key_whatever_the_day() -> None:
    assert networks.keys(NEARBY, MIDNIGHT, "secret") == (NEARBY,)


@given(st.text(), st.text())
def test_the_number_that_writers_lock_fits_into_64_bits_and_knows_no_day(network: str, secret: str) -> None:
    number = networks.lock_number(network, secret)

    assert -(2**63) <= number < 2**63
    assert number == networks.lock_number(network, secret)


def test_all_neighbours_together_may_send_a_hundred_times_as_much() -> None:
    assert networks.ceiling(NETWORK, 60) == 60
    assert networks.ceiling(NEARBY, 60) == 6000
