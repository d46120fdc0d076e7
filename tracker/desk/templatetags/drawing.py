"""What charts repeat for every row, as SVG elements.

Drawn here and not in a template: a road of 17 modules in two pictures has some 750 values, and a template
takes as long for them as for the rest of the page.
"""

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from tracker.desk.charts import TITLE_LEFT, Bar, RoadRow, RoadShape
from tracker.library import words
from tracker.plans.queries import RoadModule

register = template.Library()


@register.filter
def drawn(bar: Bar) -> SafeString:
    """A week's bar with the line of its target."""
    kind = "open" if bar.is_current else "bar done"
    goal = f'<path class="goal" d="{bar.goal}"/>' if bar.goal else ""
    return mark_safe(  # noqa: S308 - numbers alone
        f'<rect class="{kind}" x="{bar.x:.1f}" y="{bar.y:.1f}" width="{bar.width:.1f}"'
        f' height="{bar.height:.1f}"/>{goal}'
    )


@register.filter
def drawn_row(row: RoadRow, shape: RoadShape) -> SafeString:
    """A module on the road: a link with its number and title, its first layout and where it lies now."""
    module, state = row.module.module, row.module.state
    title = Truncator(module.title).chars(row.longest_title)
    parts = [
        f'<a href="{reverse("module", args=[module.key])}" aria-label="{escape(road_label(row.module))}">'
        f'<rect class="hit" x="0" y="{row.top + 2:.1f}" width="{shape.width:.0f}"'
        f' height="{shape.row - 2:.1f}"/>'
        f'<text class="{"strong" if state == "part" else "lead"}" x="0" y="{row.label_y:.1f}">'
        f'{module.number}<tspan x="{TITLE_LEFT:.0f}">{escape(title)}</tspan></text>'
    ]
    if row.base:
        parts.append(f'<path class="base" d="{row.base}"/>')
    if row.now_width:
        parts.append(_bar("bar done" if state == "done" else "open", row, row.now_width, shape))
    if row.part_width:
        parts.append(_bar("bar part", row, row.part_width, shape))
    return mark_safe(f"{''.join(parts)}</a>")  # noqa: S308 - the curriculum's words are escaped above


def _bar(kind: str, row: RoadRow, width: float, shape: RoadShape) -> str:
    return (
        f'<rect class="{kind}" x="{row.now_x:.1f}" y="{row.bar_y:.1f}" width="{width:.1f}"'
        f' height="{shape.thickness:.1f}" rx="2"/>'
    )


def road_label(row: RoadModule) -> str:
    """What a screen reader says of a module on the road: number, title, state and dates."""
    said = f"{row.module.number} {row.module.title}: {words.STATES[row.state]}"
    if row.now:
        said += f", {words.long_date(row.now[0])} to {words.long_date(row.now[1])}"
    if row.baseline:
        said += f"; first layout to {words.long_date(row.baseline[1])}"
    return said
