"""Makes the README's pictures from a running Cairn with a demo learner.

    make demo; make run
    .venv/bin/python docs/images/make.py http://127.0.0.1:8000 demo@example.org PASSWORD

Logs an hour and a half for the demo learner first, so that the week shown is not an empty one.
Needs Chromium and pngquant.
"""

import subprocess
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.browser.chromium import chromium

HERE = Path(__file__).resolve().parent
YEAR = "/milestones/year/2026/"
# File name, page, width, height, scale and colour scheme.
PICTURES = (
    ("today-desktop-light.png", "/today/", 1280, 900, 1, "light"),
    ("plan-desktop-light.png", "/plan/", 1280, 900, 1, "light"),
    ("today-phone-dark.png", "/today/", 390, 844, 2, "dark"),
    ("module-desktop-light.png", "/curriculum/modules/stride/", 1280, 900, 1, "light"),
    ("activity-phone-dark.png", "/plan/garak/run-six-families/", 390, 844, 2, "dark"),
    ("map-desktop-light.png", "/coverage/mitre-atlas/5.6.0/", 1280, 1100, 1, "light"),
    ("map-desktop-dark.png", "/coverage/mitre-atlas/5.6.0/", 1280, 1100, 1, "dark"),
    ("map-phone-light.png", "/coverage/mitre-atlas/5.6.0/", 390, 1200, 2, "light"),
    ("map-phone-dark.png", "/coverage/mitre-atlas/5.6.0/", 390, 1200, 2, "dark"),
    ("trail-desktop-light.png", "/milestones/", 1280, 900, 1, "light"),
    ("trail-phone-dark.png", "/milestones/", 390, 844, 2, "dark"),
    ("year-desktop-light.png", YEAR, 1280, 1400, 1, "light"),
    ("year-phone-dark.png", YEAR, 390, 1400, 2, "dark"),
)
# The road, as docs/road.md shows it.
ROAD_WIDTHS = (320, 768, 1280)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


def road_name(width: int, scheme: str) -> str:
    return f"road-{width}-{scheme}.png"


def main(address: str, email: str, password: str) -> None:
    """Logs in once for each picture and writes the files beside this one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for number, (name, path, width, height, scale, scheme) in enumerate(PICTURES):
            page = browser.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=scheme
            )
            page.goto(f"{address}/accounts/login/")
            page.fill("input[name=login]", email)
            page.fill("input[name=password]", password)
            page.keyboard.press("Enter")
            page.wait_for_url("**/today/")
            if number == 0:
                page.get_by_label("How long").fill("1:30")
                page.get_by_label("On what").select_option(index=1)
                page.get_by_role("button", name="Log", exact=True).click()
                page.wait_for_load_state("networkidle")
            page.goto(f"{address}{path}")
            page.screenshot(path=HERE / name)
            # The next pictures need no other log-in.
            state = page.context.storage_state()
            page.close()
        for width in ROAD_WIDTHS:
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 1400}, color_scheme=scheme, storage_state=state
                )
                page = context.new_page()
                page.goto(f"{address}/plan/")
                page.locator("section", has=page.locator("#road")).screenshot(
                    path=HERE / road_name(width, scheme),
                    # What keeps its place at the foot of a phone is no part of the road.
                    style=".nav, .log-button { visibility: hidden; }",
                )
                context.close()
        browser.close()
    names = [name for name, *_ in PICTURES]
    names += [road_name(width, scheme) for width in ROAD_WIDTHS for scheme in SCHEMES]
    for name in names:
        subprocess.run(["pngquant", "--force", "--output", HERE / name, "64", HERE / name], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
