"""Waiting times of the page in a real browser: `python -m benchmarks.page`.

A server with the built-in engine runs beside Debian's chromium. Prints how long a person waits for the first paint, for
a photo's card, for the first sign of a run, for the end of a cancelled one and for a picture finished again with
another backdrop, and how much the page weighs; the exit code is 1 if a bar is missed. The bars are meant for two cores
with nothing else to do.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.common.browser import chromium, server
from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.people import selfies

ROUNDS = 5
"""Number of visits behind the figures in the documents. One more comes first: it fills the server's caches."""
PATIENCE = 120_000  # milliseconds
STEP_SECONDS = 0.3
"""Time of a step of the built-in engine on two cores, within which it cannot be stopped."""
BACKDROP = "Brick wall"
LOOK_SECONDS = 1.0
"""Time that a person looks at an opened picture, at least, before they choose another backdrop."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
WEIGHT = "performance.getEntriesByType('navigation')[0].transferSize / 1000"
EVERYTHING = "performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0) / 1000"


def main(arguments: Sequence[str] | None = None) -> int:
    """Visit the page several times, and print what was waited for."""
    line = parser(__doc__)
    line.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"how many visits ({ROUNDS})")
    given = line.parse_args(arguments)
    with server() as url, chromium() as browser:
        rounds = [visit(browser, url) for _ in range(given.rounds + 1)][1:]
    return conclude(
        {"page": summary(rounds)},
        given,
        command="python -m benchmarks.page",
        about={"rounds": given.rounds},
        partial=None if given.rounds == ROUNDS else f"{given.rounds} visits, not {ROUNDS}",
    )


def visit(browser: Browser, url: str) -> dict[str, float]:
    """Open the page as somebody new, add a photo, begin a run and cancel it; seconds, and kilobytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector("#consent input")  # the network is never idle: the page listens to the server
    found = {name: float(page.evaluate(what)) for name, what in (("paint", PAINT), ("weight_kb", WEIGHT))}
    found["everything_kb"] = found["weight_kb"] + float(page.evaluate(EVERYTHING))
    page.check("#consent input")

    file = selfies()[5]
    found["card"] = _seconds(page, lambda: page.set_input_files("#photos input[type=file]", file), ".photo .good")
    found["progress"] = _seconds(page, lambda: page.click("#generate"), "#status progress")
    page.wait_for_selector(".place img")  # the engine draws
    found["cancel"] = _seconds(page, lambda: page.click("#cancel"), "#generate:visible")
    found["finished_again"] = _finished_again(page)
    context.close()
    return found


def _finished_again(page: Page) -> float:
    """Seconds from the choice of another backdrop for an opened picture until that picture is to be seen."""
    page.fill("#count input[type=number]", "1")
    page.press("#count input[type=number]", "Tab")
    page.click("#generate")
    page.get_by_role("button", name="Compare and change").first.click()
    page.wait_for_selector("#compare img")
    page.wait_for_timeout(1000 * LOOK_SECONDS)
    page.click("#other-backdrop input")
    other = page.get_by_role("option", name=BACKDROP)
    return _seconds(page, other.click, ".pictures.done figure:nth-of-type(2) img")


def _seconds(page: Page, act: Any, selector: str) -> float:
    """Seconds from an act until something is to be seen."""
    began = time.monotonic()
    act()
    page.wait_for_selector(selector)
    return time.monotonic() - began


def summary(rounds: Sequence[Mapping[str, float]]) -> Outcome:
    """Compute the medians of all visits, and the bars."""
    middle = {name: median(one[name] for one in rounds) for name in rounds[0]}
    bars = [
        Bar(name="first paint, s", figure=middle["paint"], rule="<=", limit=1.0),
        Bar(name="the page, compressed, kB", figure=middle["weight_kb"], rule="<=", limit=350),
        Bar(name="photo to its card, s", figure=middle["card"], rule="<=", limit=1.0),
        Bar(name="click to first progress, s", figure=middle["progress"], rule="<=", limit=0.3),
        Bar(name="Cancel to the end of the run, s", figure=middle["cancel"], rule="<=", limit=STEP_SECONDS + 0.5),
        Bar(name="finished again with another backdrop, s", figure=middle["finished_again"], rule="<=", limit=1.0),
    ]
    figures = {
        "visits": len(rounds),
        "first_paint_seconds": middle["paint"],
        "page_kb": middle["weight_kb"],
        "page_with_everything_kb": middle["everything_kb"],
        "photo_to_card_seconds": middle["card"],
        "click_to_progress_seconds": middle["progress"],
        "cancel_seconds": middle["cancel"],
        "finished_again_seconds": middle["finished_again"],
    }
    return Outcome(bars=bars, figures=figures, details={"visits": list(rounds)})


if __name__ == "__main__":
    sys.exit(main())
