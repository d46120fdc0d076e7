"""A real Chromium against a live server: looks (viewport, colour scheme, JavaScript), axe, and a watch.

The watch fails a test whose page asked another machine for something, threw an error in a script, broke the
Content-Security-Policy or missed a file.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response
from pytest_django.live_server_helper import LiveServer

from curriculum.catalogue import Catalogue
from tests.browser.chromium import NoBrowserError, chromium
from tests.fixtures.curriculum import load_test_curriculum
from tests.fixtures.newer import forget_revisions

HERE = Path(__file__).parent
VIEWPORTS = {"small": (320, 640), "phone": (390, 844), "desktop": (1280, 900)}
FLAGS = [
    # Chromium refuses its sandbox to root; the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # Nothing but the tests' own pages goes over the network.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    viewport: Literal["small", "phone", "desktop"] = "desktop"
    scheme: Literal["light", "dark"] = "light"
    javascript: bool = True

    def __str__(self) -> str:
        return f"{self.viewport}-{self.scheme}{'' if self.javascript else '-noscript'}"


# Every viewport in both schemes; `look` runs a test in each.
LOOKS = [Look(viewport, scheme) for viewport in ("small", "phone", "desktop") for scheme in ("light", "dark")]
OpenPage = Callable[[Look], Page]
CheckPage = Callable[[Page], None]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """For pytest-playwright: the machine's own Chromium, kept off the network."""
    try:
        program = chromium()
    except NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)
    return {"executable_path": str(program), "args": FLAGS}


@pytest.fixture(scope="session", autouse=True)
def allow_queries_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would refuse every query beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Where the live server is; pages open paths relative to it."""
    return str(live_server.url)


@dataclass
class Watch:
    """What must not happen on any page, as it happens."""

    own: str
    faults: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.own}/", "data:", "blob:")):
            self.faults.append(f"asked elsewhere: {request.url}")

    def on_response(self, response: Response) -> None:
        # A page may well answer 404 or 422, also one that is asked for while the service worker starts; a
        # style, script or picture may not.
        asked = response.request
        is_page = asked.resource_type == "document" or "service-worker-navigation-preload" in asked.headers
        if response.status >= 400 and not is_page and asked.resource_type not in {"xhr", "fetch"}:
            self.faults.append(f"{response.status}: {response.url}")

    def on_console(self, message: ConsoleMessage) -> None:
        # "Failed to load resource" repeats what on_response sees.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def on_error(self, error: Exception) -> None:
        self.faults.append(f"script: {error}")

    def follow(self, context: BrowserContext) -> None:
        context.on("request", self.on_request)
        context.on("response", self.on_response)
        context.on("console", self.on_console)
        context.on("weberror", lambda error: self.on_error(error.error))


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    """Fails the test after it where a page did what none may; `faults.clear()` forgives what was meant."""
    watch = Watch(base_url)
    yield watch
    assert not watch.faults, "\n".join(watch.faults)


@pytest.fixture
def open_page(browser: Browser, base_url: str, watch: Watch) -> Iterator[OpenPage]:
    """Opens an empty page in a browser context of its own: `open_page(Look("phone", "dark"))`."""
    contexts: list[BrowserContext] = []

    def open_one(look: Look) -> Page:
        width, height = VIEWPORTS[look.viewport]
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            color_scheme=look.scheme,
            # axe would measure a colour in the middle of its transition.
            reduced_motion="reduce",
            java_script_enabled=look.javascript,
            has_touch=look.viewport != "desktop",
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(10_000)
        watch.follow(context)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """Every viewport in light and in dark."""
    assert isinstance(request.param, Look)
    return request.param


@pytest.fixture(params=[Look("small", "dark"), Look("desktop", "light")], ids=str)
def edge_look(request: pytest.FixtureRequest) -> Look:
    """The two that differ most, for pages made of what others show in every look."""
    assert isinstance(request.param, Look)
    return request.param


@pytest.fixture
def content(transactional_db: None) -> Iterator[Catalogue]:
    """The product's curriculum, in a database that a server reads too."""
    forget_revisions()
    yield load_test_curriculum()
    forget_revisions()


def without_scripts(page: Page) -> Page:
    """The same document on a page where axe may run: what JavaScript would have changed stays unchanged."""
    document = re.sub(r"<script\b.*?</script>", "", page.content(), flags=re.DOTALL)
    document = re.sub(r"<(/?)noscript\b", r"<\1div", document)
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.context.browser is not None
    context = page.context.browser.new_context(
        viewport=page.viewport_size, color_scheme="dark" if dark else "light", locale="en-GB"
    )
    twin = context.new_page()
    twin.route(page.url, lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"))
    twin.goto(page.url)
    return twin


@pytest.fixture(scope="session")
def axe() -> CheckPage:
    """Fails with a readable list where axe finds a violation on the page as it stands."""
    checker = Axe()

    def check(page: Page) -> None:
        scripting = page.evaluate("!matchMedia('(scripting: none)').matches")
        judged = page if scripting else without_scripts(page)
        found = checker.run(judged).response["violations"]
        if judged is not page:
            judged.context.close()
        lines = []
        for rule in found:
            lines.append(f"{rule['id']} ({rule['impact']}): {rule['help']}")
            for node in rule["nodes"][:5]:
                lines.append(f"    {' '.join(map(str, node['target']))}: {node['html'][:160]}")
                lines += [f"        {check['message']}" for check in (*node["any"], *node["all"])]
        assert not found, "\n".join([f"axe on {page.url}:", *lines])

    return check
