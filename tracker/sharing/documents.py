"""The pages that others see, made of what they may see and of nothing else.

They are rendered without the request: who looks, what they are logged in as and which theme they chose is not
there to be shown, so that a preview is what a stranger gets.
"""

from django.conf import settings
from django.template.loader import render_to_string

from tracker.addresses import url
from tracker.sharing.queries import ShownPortfolio


def portfolio_page(shown: ShownPortfolio, *, preview_of: int | None = None) -> str:
    """A portfolio as HTML. preview_of: the portfolio's number, which puts one banner before the page."""
    return _portfolio(shown, preview_of=preview_of)


def portfolio_file(shown: ShownPortfolio) -> str:
    """The same as one HTML file that needs nothing beside it."""
    style = (settings.BASE_DIR / "static" / "cairn.css").read_text()
    return _portfolio(shown, style=style)


def _portfolio(shown: ShownPortfolio, **more: object) -> str:
    content = {"shown": shown, "check_url": url("check-badge"), **more}
    return render_to_string("sharing/portfolio.html", content)


def gone() -> str:
    """What stands at an address that shows nothing, whatever the reason."""
    return render_to_string("sharing/gone.html")
