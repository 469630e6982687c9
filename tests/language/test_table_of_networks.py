from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from flexsmt_site.language import geo, geo_build

HEADER = "# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n#\n"
#: 5.8.0.0-5.8.2.255 in RU, then DE; 1.0.0.0/24 in BY.
FOUR = HEADER + "16777216,16777471,BY\n84410368,84411135,RU\n84411136,84411391,DE\n"
SIX = HEADER + "2a02:6b8::,2a02:6b8:ffff:ffff:ffff:ffff:ffff:ffff,KZ\n2a02:6b9::,2a02:6b9::ffff,US\n"


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    four, six = tmp_path / "geoip", tmp_path / "geoip6"
    four.write_text(FOUR, encoding="utf-8")
    six.write_text(SIX, encoding="utf-8")
    return [four, six]


@pytest.fixture
def table(sources: list[Path], tmp_path: Path) -> geo.Table:
    target = tmp_path / "table.mmdb"
    geo_build.build(sources, target)
    return geo.Table(target)


@pytest.mark.parametrize(
    "address",
    ["5.8.0.0", "5.8.2.255", "1.0.0.9", "2a02:6b8::1", "::ffff:5.8.1.1", "::ffff:508:101"],
)
def test_addresses_of_the_four_countries_are_known(table: geo.Table, address: str) -> None:
    assert table.says_russian(address) is True
    assert table.says_russian(ip_address(address)) is True


@pytest.mark.parametrize(
    "address",
    [
        "5.8.3.0",
        "5.7.255.255",
        "8.8.8.8",
        "2a02:6b9::1",
        "::ffff:8.8.8.8",
        "10.0.0.1",
        "127.0.0.1",
        "192.168.1.1",
        "fd00::1",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "2a02:6b8::1%1",
        "",
        "unknown",
        "5.8.0",
        "5.8.0.256",
        "5.8.0.0:443",
        "[2a02:6b8::1]",
        "5.8.0.0, 8.8.8.8",
        "\x00",
        None,
    ],
)
def test_of_other_private_and_broken_addresses_the_table_says_nothing(
    table: geo.Table, address: str | None
) -> None:
    assert table.says_russian(address) is None


@given(st.text())
def test_no_text_for_an_address_raises(address: str) -> None:
    with geo.Table(geo.SHIPPED) as shipped:
        assert shipped.says_russian(address) in (True, None)


def test_the_shipped_table_knows_well_known_addresses() -> None:
    with geo.Table(geo.SHIPPED) as shipped:
        assert shipped.says_russian("77.88.8.8") is True
        assert shipped.says_russian("2a02:6b8::feed:ff") is True
        assert shipped.says_russian("8.8.8.8") is None
        assert shipped.says_russian("2001:4860:4860::8888") is None


def test_the_shipped_table_names_source_date_and_licence_but_no_country() -> None:
    with geo.Table(geo.SHIPPED) as shipped:
        about = shipped.about()

    assert about.kind == geo_build.KIND
    assert "IPFire" in about.description
    assert f"{about.made:%Y-%m-%d}" in about.description
    assert "CC BY-SA 4.0" in about.description
    assert b"iso_code" not in geo.SHIPPED.read_bytes()


def test_a_table_is_stale_after_eighteen_months() -> None:
    about = geo.About(Path("x"), "kind", "", datetime(2025, 1, 1, tzinfo=UTC))

    assert not about.is_stale(datetime(2026, 6, 30, tzinfo=UTC))
    assert about.is_stale(datetime(2026, 7, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"country": {"iso_code": "RU"}}, True),
        ({"country": {"iso_code": "KG", "names": {"en": "Kyrgyzstan"}}}, True),
        ({"country": {"iso_code": "UA"}}, False),
        ({"country": {}}, None),
        ({"country": "KZ"}, True),
        ({"country_code": "BY"}, True),
        ({"country_code": "US"}, False),
        ({"country_code": 7}, None),
        ({"continent": {"code": "EU"}}, None),
        ({"russian": False}, False),
        ("RU", None),
    ],
)
def test_any_table_with_country_codes_works(
    tmp_path: Path, *, record: dict[str, object] | str, expected: bool | None
) -> None:
    writer = MMDBWriter(ip_version=4)
    writer.insert_network(IPSet(["5.8.0.0/16"]), record)
    writer.to_db_file(str(tmp_path / "country.mmdb"))

    with geo.Table(tmp_path / "country.mmdb") as table:
        assert table.says_russian("5.8.1.1") is expected
        assert table.says_russian("2a02:6b8::1") is None


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(geo.BrokenTable, match=r"nowhere\.mmdb"):
        geo.Table(tmp_path / "nowhere.mmdb")


@pytest.mark.parametrize("content", [b"", b"not a table", b"\xab\xcd\xefMaxMind.com"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(content)

    with pytest.raises(geo.BrokenTable):
        geo.Table(broken)


def test_a_table_with_damaged_networks_says_nothing(tmp_path: Path) -> None:
    whole = geo.SHIPPED.read_bytes()
    metadata = whole.rindex(b"\xab\xcd\xefMaxMind.com")
    damaged = tmp_path / "damaged.mmdb"
    damaged.write_bytes(b"\xff" * metadata + whole[metadata:])

    with geo.Table(damaged) as table:
        assert table.says_russian("77.88.8.8") is None


def test_the_same_sources_give_the_same_bytes(sources: list[Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        geo_build.build(sources, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_building_says_what_it_built(sources: list[Path], tmp_path: Path) -> None:
    built = geo_build.build(sources, tmp_path / "table.mmdb")

    assert (built.ranges, built.networks) == (3, 4)
    assert built.made == datetime(2026, 6, 25, 4, 33, 59, tzinfo=UTC)
    assert built.size == (tmp_path / "table.mmdb").stat().st_size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,RU\n", "Generated"),
        (HEADER + "1,2\n", "line 3"),
        (HEADER + "1,2,DE\n", "no network"),
        (HEADER + "9,2,RU\n", "no range"),
        (HEADER + "1,::2,RU\n", "no range"),
        (HEADER + "x,y,RU\n", "no range"),
    ],
)
def test_a_broken_source_is_named_and_the_table_stays(tmp_path: Path, text: str, message: str) -> None:
    source, target = tmp_path / "geoip", tmp_path / "table.mmdb"
    source.write_text(text, encoding="utf-8")
    target.write_bytes(b"as it was")

    with pytest.raises(geo_build.BrokenSource, match=message):
        geo_build.build([source], target)

    assert target.read_bytes() == b"as it was"
    assert sorted(tmp_path.iterdir()) == [source, target]
