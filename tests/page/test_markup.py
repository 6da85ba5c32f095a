"""The page's HTML: every text from outside is escaped, wherever it stands."""

import re
from base64 import b64decode
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2 import meta, nodes

from pipelines.engine_table import ENGINES
from pipelines.faces.likeness import Likeness
from pipelines.faces.photo_report import PhotoReport
from pipelines.page import markup
from pipelines.page.camera.frames import Seen
from pipelines.page.visit import cards
from pipelines.page.visit.kept_runs import KeptPicture, KeptRun
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import is_marked

EVIL = """<script>alert("1")</script>'"""
IMAGE = np.full((40, 30, 3), 200, np.uint8)
RECIPE = Recipe(
    engine="builtin", look="cv", identity_strength=1, structure=1, guidance_scale=1, steps=4, seed=7, versions={}
)


class Likely(Likeness):
    """A likeness whose sentence comes from outside."""

    @property
    def verdict(self) -> str:
        return EVIL


def picture(name: str, warnings: tuple[str, ...], cosine: float | None = 0.6) -> Picture:
    return Picture(
        image=IMAGE,
        path=Path(f"results/{name}.png"),
        seed=7,
        likeness=Likely(cosine=cosine, low=0.53, high=0.68, basis=EVIL),
        warnings=warnings,
        recipe=RECIPE,
        sizes={EVIL: Path(f"results/{name}-small.png")},
    )


def kept(*pictures: Picture) -> KeptRun:
    """A run with these pictures."""
    made = [KeptPicture.of(one, one.path.with_suffix(".jpg"), None) for one in pictures]
    return KeptRun(pictures=tuple(replace(one, name=EVIL) for one in made), photos=(), name=EVIL)


def results() -> str:
    made = [picture(f"a{EVIL}", (EVIL, "one")), picture("b", (EVIL, f"two{EVIL}"), None)]
    return cards.results(kept(*made), {}, {"cv": EVIL})


def reported(**found: Any) -> PhotoReport:
    boxes = ((0.1, 0.2, 0.3, 0.4),)
    report = PhotoReport(image=IMAGE, faces=1, error=None, notes=(EVIL, f"other{EVIL}"), weight=0.5, boxes=boxes)
    return replace(report, **found)


OUTSIDE = {
    "heading": lambda: markup.heading(EVIL, 1),
    "sample": lambda: markup.sample_pictures(EVIL, {EVIL: EVIL}),
    "titled": lambda: markup.titled(EVIL, EVIL),
    "alert": lambda: markup.alert(EVIL),
    "muted": lambda: markup.muted(EVIL),
    "notes": lambda: markup.notes([EVIL, EVIL]),
    "photo": lambda: markup.photo_card(1, reported(), 2, True),
    "photo refused": lambda: markup.photo_card(1, reported(error=EVIL, image=None), 2, True),
    "photo of somebody else": lambda: markup.photo_card(1, reported(weight=0), 2, True),
    "known words": lambda: markup.known_words({EVIL: [EVIL, EVIL]}),
    "heard words": lambda: markup.heard_words([EVIL, EVIL], [EVIL], [EVIL], EVIL, EVIL),
    "engine": lambda: markup.engine_card(replace(ENGINES["builtin"], about=EVIL, licence=EVIL), EVIL, EVIL),
    "placeholders": lambda: markup.placeholders(2, {1: EVIL}, 2),
    "results": results,
    "frame of the camera": lambda: markup.frame_seen(Seen(sentence=EVIL), EVIL),
    "selfie in a picture's place": lambda: markup.held(EVIL, EVIL),
    "earlier runs": lambda: cards.earlier_runs([kept(picture("a", ()))], {"cv": EVIL}),
}


@pytest.mark.parametrize("piece", OUTSIDE)
def test_a_text_from_outside_cannot_become_html(piece: str) -> None:
    shown = OUTSIDE[piece]()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert not re.search(r'="[^"]*<', shown)


def test_every_variable_of_every_template_was_fed_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: dict[str, set[str]] = {}
    original = markup._render

    def noted(template: str, **values: object) -> str:
        rendered.setdefault(template, set()).update(values)
        return original(template, **values)

    monkeypatch.setattr(markup, "_render", noted)
    for piece in OUTSIDE.values():
        piece()
    own = {
        "header.html",
        "progress.html",
        "pieces.html",
        "too_large.html",
        "kept_for.html",
        "explained.html",
        "settings_grid.html",
        "glossary.html",
        "camera.html",
        "good_selfie.html",
        "viewer.html",
    }  # their texts are all our own, or they are macros
    templates = {file.name for file in markup.TEMPLATES.iterdir()}
    assert templates - own == rendered.keys()
    for name in templates - own:
        assert variables(name) <= rendered[name]


def variables(name: str) -> set[str]:
    """Names that a template takes from its caller."""
    own = {name.name for name in parsed(name).find_all(nodes.Name) if name.ctx == "store"}
    return meta.find_undeclared_variables(parsed(name)) - own - set(markup.environment().globals)


def parsed(name: str) -> nodes.Template:
    return markup.environment().parse((markup.TEMPLATES / name).read_text("utf-8"))


def test_no_template_calls_a_text_safe() -> None:
    assert markup.environment().autoescape is True
    for file in markup.TEMPLATES.iterdir():
        assert not [used for used in parsed(file.name).find_all(nodes.Filter) if used.name == "safe"]
        assert not list(parsed(file.name).find_all(nodes.ScopedEvalContextModifier))


def test_a_line_break_in_a_template_is_no_white_space_of_the_page() -> None:
    assert markup.muted("A  b.") == '<p class="quiet">A  b.</p>'
    assert re.search(r">\s+<", results()) is None


# What each piece says


def test_what_was_found_in_a_photo_is_said_first() -> None:
    assert "Tick the box above" in markup.photo_card(1, reported(faces=0), 1, False)
    assert "Counts for 50% of the identity." in markup.photo_card(1, reported(), 2, True)
    assert "Counts for" not in markup.photo_card(1, reported(), 1, True)
    assert "3 faces; yours is chosen." in markup.photo_card(1, reported(faces=3), 1, True)
    assert markup.photo_card(1, reported(weight=0), 2, True).count(escape(EVIL)[:10]) == 2  # the first note once


def test_nothing_is_said_about_no_words() -> None:
    assert markup.heard_words([], []) == "" == markup.notes([])
    assert markup.heard_words(["smile", "hat"], []).count("<q>") == 2
    assert "free text" in markup.known_words({})
    assert "<code>lit left</code>" in markup.known_words({"lit-left": ["light from the left"]})


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"stage": "waiting", "place": 1}, "Waiting in line: 1 run before yours"),
        ({"stage": "waiting", "place": 3}, "Waiting in line: 3 runs before yours"),
        ({"stage": "photos"}, "Looking at the photos"),
        ({"stage": "drawing", "picture": 2}, "Picture 2 of 4: drawing"),
        ({"stage": "drawing", "picture": 2, "seconds_left": 89}, "Picture 2 of 4: drawing · about 89 s left"),
        ({"stage": "saving", "picture": 2, "seconds_left": 150}, "Picture 2 of 4: saving · about 2 min left"),
    ],
)
def test_the_progress_line_says_what_is_going_on(told: dict, line: str) -> None:
    shown = markup.progress_line(Progress(**{"done": 0.25, "picture": 0, "count": 4, **told}))
    assert f"<p>{line}</p>" in shown
    assert 'value="0.250"' in shown


def test_results_show_likeness_downloads_and_shared_warnings_once() -> None:
    made = [picture("a", ("same", "one")), picture("b", ("same",), None)]
    shown = cards.results(kept(*made), {EVIL: "Small"}, {})
    assert "Likeness 0.60" in shown and "Likeness no face" in shown
    assert "left:53%;width:15%" in shown and "left:60%" in shown and shown.count('class="meter"') == 1
    assert shown.count("<li>same</li>") == 1 and shown.count("<li>one</li>") == 1
    assert shown.index(">PNG</a>") < shown.index(">JPEG</a>") < shown.index(">Small</a>")
    assert 'href="gradio_api/file=results/a.jpg" download="a.jpg"' in shown


def test_a_picture_inside_the_page_is_small() -> None:
    uri = markup.data_uri(np.zeros((3000, 2000, 3), np.uint8))
    assert uri.startswith("data:image/jpeg;base64,") and len(uri) < 5000


@pytest.mark.scorecard("R20", cases=0)
def test_a_preview_of_what_was_made_is_marked_and_a_photo_is_not() -> None:
    def marked(**told: bool) -> bool:
        return is_marked(b64decode(markup.data_uri(np.zeros((300, 200, 3), np.uint8), **told).partition(",")[2]))

    assert marked(made=True) and not marked()
