"""The wiring of the page, with an engine that is never loaded: every value arrives under its own name."""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import make_dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

import app
from pipelines.engine_table import ENGINES
from pipelines.looks import fields
from pipelines.looks.preset import load_looks
from pipelines.page import controls
from pipelines.page import public_api as api
from pipelines.page.doors.calls.places import LIMITS
from pipelines.page.events import run
from pipelines.page.events.run import SIZE_NAMES
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions, session_of
from pipelines.settings import AUTO, SETTINGS
from pipelines.studio import Studio
from tests.support.loops import in_a_loop
from tests.support.visits import asked_by

NAME, CHOICES = "pose", ("straight", "tilted")


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder, opens=bool)


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, sessions: Sessions) -> gr.Blocks:
    return build(monkeypatch, sessions)


def build(monkeypatch: pytest.MonkeyPatch, sessions: Sessions) -> gr.Blocks:
    studio = SimpleNamespace(spec=ENGINES["builtin"], reason="it was asked for")
    monkeypatch.setattr(Studio, "load", lambda engine: studio)

    async def built() -> gr.Blocks:  # Gradio asks for the running loop
        return app.build_page(AUTO, sessions)[0]

    return in_a_loop(built)


@pytest.fixture
def sixth_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field beside the five of the table, which every look has."""
    choices = {name: replace(fields.CHOICES["crop"]["portrait"], label=name.capitalize()) for name in CHOICES}
    monkeypatch.setitem(fields.CHOICES, NAME, choices)
    monkeypatch.setitem(fields.FIELDS, NAME, CHOICES)
    known = load_looks_without(NAME)
    look = make_dataclass(
        "Look", [(NAME, str, CHOICES[0])], bases=(type(known["corporate"]),), frozen=True, kw_only=True
    )
    looks = {name: look(**vars(one)) for name, one in known.items()}
    for module in (controls, api):
        monkeypatch.setattr(module, "load_looks", lambda: looks)


def load_looks_without(field: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(fields.FIELDS, field)
        return load_looks()


def event(demo: gr.Blocks, name: str) -> Any:
    return next(fn for fn in demo.fns.values() if fn.name == name)


def values(demo: gr.Blocks, name: str, **given: Any) -> list[Any]:
    """Payload of an event from the browser: the values that its components have at first, or those given."""
    return [given.get(shown_as(component), component.value) for component in event(demo, name).inputs]


def shown_as(component: Any) -> str:
    """The control's name on the page, whatever the wiring calls it."""
    return component.elem_id or f"face_{re.sub(r'[^0-9]', '', component.label)}"


def call(demo: gr.Blocks, name: str, sent: list[Any]) -> list[Any]:
    """The first answer of an event."""

    async def first() -> dict[str, Any]:
        request = asked_by("ann")
        return await demo.process_api(event(demo, name), sent, request=request, state=SessionState(demo))

    return in_a_loop(first)["data"]


def wanted(demo: gr.Blocks, sessions: Sessions, monkeypatch: pytest.MonkeyPatch, **given: Any) -> dict[str, Any]:
    """Request of a run after a click on Generate."""
    asked: dict[str, Any] = {}

    @contextmanager
    def start_page_run(
        _1: Any, _2: Any, _3: str, _4: Any, looks: list[str], _5: Any, **arguments: Any
    ) -> Iterator[Any]:
        asked.update(arguments, look=looks[0])
        assert looks == [looks[0], "startup"]
        yield SimpleNamespace(news=lambda: iter([[]]))

    monkeypatch.setattr(run, "start_page_run", start_page_run)
    for component in event(demo, "generate").inputs:
        if shown_as(component) in controls.FACES:  # as after a photo of three people
            component.choices = [("1", "1"), ("2", "2"), ("3", "3")]
    sessions.add(session_of(asked_by("ann")), [b"a photo", b"another"])
    call(demo, "generate", values(demo, "generate", consent=True, more_looks=["startup", "startup"], **given))
    return asked


GIVEN: dict[str, Any] = {
    "look": "editorial",
    "words": "big smile",
    "negative_words": "busy background",
    "engine": "sdxl",
    "resemblance": 0.5,
    "identity_strength": 0.9,
    "structure": 0.8,
    "guidance_scale": 2.0,
    "steps": 15,
    "lora_scale": 0.7,
    "second_pass": 0.25,
    "count": 2,
}


def test_every_control_reaches_the_run_under_its_own_name(
    demo: gr.Blocks, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wanted(demo, sessions, monkeypatch, **GIVEN, seed="77", backdrop="brick", crop="tight", face_2="3")
    unchosen = dict.fromkeys(fields.FIELDS)
    rest = {"faces": [None, 3], "format": "jpeg", "sizes": tuple(SIZE_NAMES)}
    assert asked == {**GIVEN, **unchosen, **rest, "seed": 77, "backdrop": "brick", "crop": "tight"}


def test_a_sixth_field_needs_no_change_here(
    sixth_field: None, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = build(monkeypatch, sessions)
    asked = wanted(demo, sessions, monkeypatch, **GIVEN, seed="77", pose="tilted", light="from-left", face_1="2")
    assert asked.items() >= {**GIVEN, "seed": 77, "pose": "tilted", "light": "from-left", "backdrop": None}.items()
    assert asked["faces"] == [2, None]


def test_a_sixth_field_is_offered_and_its_limits_are_said(
    sixth_field: None, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = build(monkeypatch, sessions)
    answer = call(demo, "show_look", values(demo, "show_look", look="editorial"))
    offered = dict(zip([component.elem_id for component in event(demo, "show_look").outputs], answer, strict=True))
    assert [choice for _, choice in offered["pose"]["choices"]] == [controls.AS_THE_LOOK, *CHOICES]
    said = call(demo, "show_limits", values(demo, "show_limits", light="dramatic"))[0]
    assert "Dramatic light falls on clothes and backdrop" in said


@pytest.mark.parametrize(("steps", "shown", "told"), [(15, 15, "make it again"), (60, 50, "in place, but Steps")])
def test_the_settings_of_an_earlier_picture_go_to_the_controls_of_their_names(
    demo: gr.Blocks, sessions: Sessions, steps: int, shown: int, told: str
) -> None:
    drawn = {**GIVEN, "steps": steps, "seed": 77, "wardrobe": "knitwear"}
    recipe = SimpleNamespace(**{**dict.fromkeys(fields.FIELDS), **drawn})
    said: list[str] = []
    studio = SimpleNamespace(recipe=lambda content: recipe)
    (upload := sessions.folder.path / "earlier.png").write_bytes(b"a picture")
    names = ["look", *fields.FIELDS, "words", "negative_words", "engine", *SETTINGS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gr, "Info", said.append)
        made: Any = SimpleNamespace(studio=studio)
        events = run.RunEvents(made, sessions, made, made)
        use = events.use_recipe({n: n for n in names}, "count", "earlier")
        sessions.uploads.sent = lambda *_: True
        updates = use(asked_by("ann"), str(upload))
    own = dict.fromkeys(fields.FIELDS, controls.AS_THE_LOOK)
    expected = {**own, **GIVEN, "steps": shown, "seed": "77", "wardrobe": "knitwear", "count": 1, "earlier": None}
    assert updates == expected and told in said[0]


def test_whatever_waits_in_the_queue_has_a_limit_of_its_kind(demo: gr.Blocks) -> None:
    queued = {fn.name: fn.concurrency_id for fn in demo.fns.values() if fn.queue and fn.fn is not None}
    assert {"generate", "finish", "pack", "hold", "draw"} <= queued.keys()
    assert {name for name, kind in queued.items() if kind not in LIMITS} == {"forget"}  # which takes no time


# The API: positions, names, types and defaults that people script against

CONTRACT = [
    ("photos", "list[filepath]", None),
    ("look", "str", "corporate"),
    ("backdrop", "None | str", None),
    ("wardrobe", "None | str", None),
    ("light", "None | str", None),
    ("expression", "None | str", None),
    ("crop", "None | str", None),
    ("words", "str", ""),
    ("negative_words", "str", ""),
    ("resemblance", "None | float", None),
    ("identity_strength", "None | float", None),
    ("structure", "None | float", None),
    ("guidance_scale", "None | float", None),
    ("steps", "None | int", None),
    ("lora_scale", "None | float", None),
    ("seed", "None | int", None),
    ("count", "int", 4),
    ("faces", "None | list[None | int]", None),
    ("consent", "bool", False),
    ("engine", "str", "auto"),
    ("format", "str", "png"),
    ("sizes", "None | list[str]", None),
    *[(name, "None | str", None) for name in fields.LATER_FIELDS],
    ("second_pass", "None | float", None),
]


def test_the_endpoints_take_what_people_script_against(demo: gr.Blocks) -> None:
    info = demo.get_api_info()["named_endpoints"]
    assert list(info) == ["/headshot", "/check_photos", "/looks", "/recipe"]
    taken = [
        (parameter["parameter_name"], parameter["python_type"]["type"], parameter["parameter_default"])
        for parameter in info["/headshot"]["parameters"]
    ]
    assert taken == CONTRACT
    required = [p["parameter_name"] for p in info["/headshot"]["parameters"] if not p["parameter_has_default"]]
    assert required == ["photos"]
    others = {name: [p["parameter_name"] for p in info[name]["parameters"]] for name in info if name != "/headshot"}
    assert others == {"/check_photos": ["photos", "faces", "consent"], "/looks": [], "/recipe": ["picture"]}


def test_the_events_of_the_page_are_no_endpoints(demo: gr.Blocks) -> None:
    public = {"headshot", "check_photos", "looks", "recipe"}
    assert {fn.api_name for fn in demo.fns.values() if fn.api_visibility != "private"} == public


def test_an_endpoint_s_arguments_reach_the_run_by_name(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    @contextmanager
    def start_run(*_: Any, **arguments: Any) -> Iterator[Any]:
        asked.update(arguments)
        yield SimpleNamespace(news=lambda: iter([[]]))

    monkeypatch.setattr(api, "start_run", start_run)
    (photo := sessions.folder.path / "selfie.jpg").write_bytes(b"a face")
    sessions.uploads.sent = lambda *_: True
    given = {"photos": [{"path": str(photo)}], "request": asked_by("ann"), "consent": True, **GIVEN}
    studio: Any = None
    endpoint = api.PublicApi(studio, sessions).headshot
    arguments = inspect.signature(endpoint).bind(**given, faces=[0], seed=5)
    arguments.apply_defaults()
    run = endpoint(*arguments.args)
    next(run)
    assert asked == {}, "a run that is cancelled before Gradio has a value of it cannot be ended"
    next(run)
    rest = {"faces": [None], "sizes": [], "format": "png"}
    assert asked == {**dict.fromkeys(fields.FIELDS), **GIVEN, **rest, "seed": 5}
