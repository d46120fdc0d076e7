"""Which styles and scripts a page asks for."""

from html.parser import HTMLParser


class _Assets(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = None
        if tag == "script":
            address = values.get("src")
        elif tag == "link" and {"stylesheet", "modulepreload"} & set(
            (values.get("rel") or "").lower().split()
        ):
            address = values.get("href")
        if address:
            self.addresses[address] = None


def styles_and_scripts(html: str) -> list[str]:
    """The addresses of a page's style sheets and scripts as it writes them, each once, in its order."""
    parser = _Assets()
    parser.feed(html)
    return list(parser.addresses)
