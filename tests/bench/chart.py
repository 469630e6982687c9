"""The goals as a picture: a bar for each, and a line where its limit is."""

from html import escape
from itertools import chain

from tests.bench.goals import Met

#: Bars end at so many times the limit; the figure beside tells the rest.
_LONGEST = 2.0
_WIDTH, _LEFT, _RIGHT, _TOP, _STEP, _BAR = 900, 390, 140, 34, 26, 14
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.within { fill: #0b6e69 } .over { fill: #b45309 } .track { fill: #eaeef2 }
.limit { stroke: #1f2328; stroke-width: 1.5 } .far { fill: #fff } .back { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .within { fill: #3fb5ac } .over { fill: #f0a04b } .track { fill: #21262d }
  .limit { stroke: #e6edf3 } .far { fill: #0d1117 } .back { fill: #0d1117 }
}
"""


def draw(goals: list[Met]) -> str:
    """Return the picture as SVG; what it shows stands in its description too, line by line."""
    height = _TOP + _STEP * len(goals) + 10
    told = "; ".join(
        f"{one.goal.number}: {one.worst.shown}, limit {_limit(one)}, {one.verdict}" for one in goals
    )
    line = _LEFT + _length(1.0)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="title desc">'
        f'<title id="title">Each goal\'s figure as a part of its limit</title>'
        f'<desc id="desc">{escape(told)}</desc><style>{_STYLE}</style>'
        f'<rect class="back" width="{_WIDTH}" height="{height}"/>'
        f'<text x="{line}" y="18" text-anchor="middle">limit</text>'
    )
    bars = chain.from_iterable(_bar(one, _TOP + _STEP * number) for number, one in enumerate(goals))
    mark = f'<line class="limit" x1="{line}" x2="{line}" y1="24" y2="{height - 8}"/>'
    return "\n".join([head, *bars, mark, "</svg>", ""])


def _bar(one: Met, top: int) -> list[str]:
    """Draw one goal: what it is, its track and bar, and the figure with its limit."""
    middle = top + _BAR - 3
    length = _length(min(one.worst.of_limit, _LONGEST))
    verdict = one.worst.verdict
    name = escape(f"{one.goal.number}. {one.goal.what} · {one.goal.against}")
    parts = [
        f'<text x="{_LEFT - 10}" y="{middle}" text-anchor="end">{name}</text>',
        f'<rect class="track" x="{_LEFT}" y="{top}" width="{_length(_LONGEST)}" height="{_BAR}" rx="2"/>',
        f'<text x="{_WIDTH - _RIGHT + 10}" y="{middle}">{escape(one.worst.shown)} ({_limit(one)})</text>',
    ]
    if verdict in ("within", "over"):
        bar = f'<rect class="{verdict}" x="{_LEFT}" y="{top}" width="{length}" height="{_BAR}" rx="2"/>'
        parts.insert(2, bar)
    if one.worst.of_limit > _LONGEST:
        # A cut through the bar: it is longer than there is room for.
        parts.insert(
            3, f'<path class="far" d="M{_LEFT + length - 22} {top + _BAR} l8 -{_BAR} h5 l-8 {_BAR} z"/>'
        )
    return parts


def _limit(one: Met) -> str:
    return escape(str(one.worst.limit or one.verdict))


def _length(part: float) -> int:
    return round((_WIDTH - _LEFT - _RIGHT) * part / _LONGEST)
