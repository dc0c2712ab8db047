"""Templates of the pages, and how numbers and texts of others are shown in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from shortlist_console import words
from shortlist_core.terminal import plain


class Templates:
    """The environment that all pages are rendered in. What is put into a page is escaped."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("shortlist_console"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            finalize=_safe,
        )
        self._environment.filters |= {
            "count": count,
            "moment": words.moment,
            "path": path,
            "per_cent": per_cent,
            "short": short,
            "size": size,
            "did": words.did,
            "source": words.source,
        }

    def render(self, template: str, **values: Any) -> str:
        """A page as HTML. Every form that changes something holds `csrf_field()`."""
        field = Markup('<input type="hidden" name="csrf" value="{}">').format(values["csrf"])
        return self._environment.get_template(f"{template}.html").render(csrf_field=lambda: field, **values)


def path(name: str) -> str:
    """An id as a part of a path. One that is a single dot or two has no page: browsers take it for a folder."""
    return quote(name, safe="")


def per_cent(value: float) -> str:
    """A share or a probability in per cent, with two or three digits."""
    return f"{100 * value:.0f} %" if value >= 0.995 else f"{100 * value:.3g} %"


def short(value: float | None) -> str:
    """A number in few digits; a dash where there is none."""
    return "–" if value is None else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def count(number: int, one: str, many: str = "") -> str:
    """How many there are, such as `1 item` or `2,000 items`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def _safe(value: object) -> object:
    """Texts of others lose what could act: control characters, and those that turn the direction of the text."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "\n".join(plain(line) for line in value.split("\n"))
