"""Markdown to HTML that is safe to show. Raw HTML is not passed on; what comes out is cleaned once more."""

import re
from dataclasses import dataclass
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_TAGS = {
    "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "h5",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_LONGEST = 20_000
ANCHOR = "text-"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of an article and the id it can be reached by."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """A longer text: its HTML, its headings of the first rank, and how many minutes it takes to read."""

    html: SafeString
    headings: tuple[Heading, ...]
    minutes: int


def render(text: str) -> SafeString:
    """Markdown as HTML: no raw HTML, no pictures, links to http, https and mailto alone, marked nofollow."""
    return _cleaned(_MARKDOWN.render(text[:_LONGEST]), _TAGS, _ATTRIBUTES)


def line(text: str) -> SafeString:
    """One line of Markdown (emphasis, code, links) as HTML without a paragraph around it."""
    return _cleaned(_MARKDOWN.renderInline(text[:_LONGEST]), {"em", "strong", "code", "a"}, _ATTRIBUTES)


def plain(text: str) -> str:
    """One line of Markdown as words alone, for what can show nothing else."""
    return _plain(_MARKDOWN.parseInline(text[:_LONGEST])[0])


@lru_cache(maxsize=512)
def article(text: str) -> Article:
    """The curriculum's Markdown as an article whose headings can be linked to.

    A heading written `##` becomes an h3: it stands below the h2 of the section that holds the article. Tables
    and code can be scrolled by keyboard, since both may be wider than a phone.
    """
    tokens = _MARKDOWN.parse(text[:_LONGEST])
    headings: list[Heading] = []
    used: set[str] = set()
    for place, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            rank = min(5, max(3, int(token.tag[1]) + 1))
            token.tag = f"h{rank}"
        if token.type == "heading_open":
            inside = tokens[place + 1]  # a heading is always followed by its words
            anchor = _anchor(inside.content, used)
            token.attrSet("id", anchor)
            if token.tag == "h3":
                headings.append(Heading(anchor, _plain(inside)))
        elif token.type == "table_open":
            token.attrSet("tabindex", "0")
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}).replace("<pre>", '<pre tabindex="0">')
    attributes = {**_ATTRIBUTES, "pre": {"tabindex"}, "table": {"tabindex"}}
    attributes |= {tag: {"id"} for tag in ("h3", "h4", "h5")}
    words = sum(len(token.content.split()) for token in tokens)
    cleaned = _ANCHORED.sub(_with_link, _cleaned(html, _TAGS, attributes))
    return Article(mark_safe(cleaned), tuple(headings), max(1, round(words / WORDS_A_MINUTE)))  # noqa: S308


# What `_anchor` makes of a heading, as it stands in cleaned HTML.
_ANCHORED = re.compile(rf'<(h[345]) id="({ANCHOR}[a-z0-9-]+)">(.*?)</\1>', re.DOTALL)


def _with_link(heading: re.Match[str]) -> str:
    """A heading with a link to itself at its end."""
    tag, anchor, inside = heading.groups()
    link = f'<a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
    return f'<{tag} id="{anchor}">{inside} {link}</{tag}>'


WORDS_A_MINUTE = 200


def _cleaned(html: str, tags: set[str], attributes: dict[str, set[str]]) -> SafeString:
    cleaned = nh3.clean(
        html,
        tags=tags,
        attributes=attributes,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return mark_safe(cleaned)  # noqa: S308 - nh3 has just cleaned it


def _anchor(text: str, used: set[str]) -> str:
    """An id made of a heading's words; a second heading of the same words gets a number."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "section"
    number, anchor = 1, f"{ANCHOR}{slug}"
    while anchor in used:
        number += 1
        anchor = f"{ANCHOR}{slug}-{number}"
    used.add(anchor)
    return anchor


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def paragraphs(text: str) -> tuple[str, ...]:
    """Markdown as plain paragraphs, for what shows no markup: a list's items each begin with a bullet."""
    found: list[str] = []
    opens_item = False
    for token in _MARKDOWN.parse(text[:_LONGEST]):
        if token.type == "list_item_open":
            opens_item = True
        elif token.type in ("fence", "code_block"):
            found += token.content.rstrip("\n").split("\n")
        elif token.type == "inline":
            words = _with_breaks(token)
            if words:
                found.append(f"• {words}" if opens_item else words)
            opens_item = False
    return tuple(found)


def _with_breaks(inline: Token) -> str:
    parts = []
    for child in inline.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts).strip()
