"""The tokens of the style sheet: text at least 4.5 to 1, edges and focus at least 3 to 1 (WCAG 2.2 AA)."""

import re
from itertools import product

import pytest

from flexsmt_site.config import ROOT

CSS = (ROOT / "static" / "css" / "site.css").read_text("utf-8")

GROUNDS = ("paper", "sheet")
TEXT = {
    *product(("ink", "quiet", "mask", "mask-deep", "copper", "bad"), GROUNDS),
    *product(("ink", "quiet", "mask", "mask-deep"), ["tint"]),
    *product(("ink", "bad"), ["bad-tint"]),
    *product(["on-mask"], ("mask", "mask-deep")),
}
EDGES = {
    *product(("edge", "mask", "bad", "copper"), GROUNDS),
    *product(["focus"], (*GROUNDS, "tint", "bad-tint")),
    ("bad", "bad-tint"),
}
#: Hairlines part what space and headings part already.
DECORATION = {"line"}


def tokens(scheme: str) -> dict[str, tuple[float, float, float]]:
    """Read the colours; those of the dark scheme stand over those of the light one."""
    light = re.search(r"^:root \{(.*?)^\}", CSS, re.DOTALL | re.MULTILINE)
    dark = re.search(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", CSS, re.DOTALL)
    assert light
    assert dark
    text = light[1] + (dark[1] if scheme == "dark" else "")
    found = re.findall(r"--([\w-]+): #([0-9a-f]{6});", text)
    return {name: tuple(int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)) for name, code in found}  # type: ignore[misc]


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def poor(scheme: str, pairs: set[tuple[str, str]], least: float) -> dict[tuple[str, str], float]:
    colours = tokens(scheme)
    found = {}
    for pair in sorted(pairs):
        low, high = sorted(luminance(colours[name]) for name in pair)
        ratio = (high + 0.05) / (low + 0.05)
        if ratio < least:
            found[pair] = round(ratio, 2)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable_on_every_ground_it_stands_on(scheme: str) -> None:
    assert poor(scheme, TEXT, 4.5) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_edge_of_a_control_and_the_focus_ring_are_seen(scheme: str) -> None:
    assert poor(scheme, EDGES, 3) == {}


def test_no_colour_is_left_out_and_none_stands_outside_the_tokens() -> None:
    judged = {name for pair in TEXT | EDGES for name in pair}
    assert set(tokens("dark")) == judged | DECORATION

    rules = re.sub(r"/\*.*?\*/|--[\w-]+: #[0-9a-f]{6};", "", CSS, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*\})|\brgba?\(|\bhsla?\(", rules) == []


def test_black_on_white_is_21_to_1() -> None:
    assert luminance((1.0, 1.0, 1.0)) == pytest.approx(1)
    assert (luminance((1, 1, 1)) + 0.05) / (luminance((0, 0, 0)) + 0.05) == pytest.approx(21)
