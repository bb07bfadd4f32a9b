"""The reliability diagram: what was said against how often it was so, as a small SVG for light and dark pages."""

from collections.abc import Sequence

from tests.bench.localization.figures import Bin

_SIZE, _EDGE = 300, 44
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#7a7f87}.axis{stroke:#7a7f87;fill:none}"
    ".ideal{stroke:#7a7f87;stroke-dasharray:3 4}.gap{stroke:#d9822b;stroke-width:2}.bin{fill:#2f81c6}"
)


def reliability_diagram(parts: Sequence[Bin], title: str) -> str:
    """A dot per bin, as large as the bin is full; the dashed line is where what is said is true."""
    most = max((part.number for part in parts), default=1)
    marks = [
        f'<line class="gap" x1="{_x(part.said)}" y1="{_y(part.said)}" x2="{_x(part.said)}" y2="{_y(part.true)}"/>'
        f'<circle class="bin" cx="{_x(part.said)}" cy="{_y(part.true)}" r="{2 + 4 * part.number / most:.1f}">'
        f"<title>said {part.said:.2f}, true {part.true:.2f} of {part.number}</title></circle>"
        for part in parts
    ]
    ticks = [
        f'<text x="{_x(tick)}" y="{_y(0) + 15}" text-anchor="middle">{tick:g}</text>'
        f'<text x="{_x(0) - 6}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>'
        for tick in (0.0, 0.5, 1.0)
    ]
    side = _SIZE + _EDGE + 12
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side + 16}" width="{side}" role="img">',
            f"<title>{title}</title><style>{_STYLE}</style>",
            f'<text x="{_x(0)}" y="14">{title}</text>',
            f'<path class="axis" d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}"/>',
            f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>',
            *ticks,
            *marks,
            f'<text x="{_x(0.5)}" y="{_y(0) + 32}" text-anchor="middle">probability said of the first answer</text>',
            f'<text transform="translate({_x(0) - 30} {_y(0.5)}) rotate(-90)" text-anchor="middle">share true</text>',
            "</svg>\n",
        ]
    )


def _x(value: float) -> float:
    return round(_EDGE + value * _SIZE, 1)


def _y(value: float) -> float:
    return round(22 + (1.0 - value) * _SIZE, 1)
