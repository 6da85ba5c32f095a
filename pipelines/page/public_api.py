"""Public endpoints. Their names and arguments are what people script against: never change them."""

from collections.abc import Iterator
from dataclasses import fields
from inspect import Parameter, Signature
from typing import Any, get_type_hints

import gradio as gr
from gradio.events import api

from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.finishing.export import EXPORTS
from pipelines.looks.fields import FIELDS, FIRST_FIELDS, LATER_FIELDS
from pipelines.looks.preset import CUTS, load_looks
from pipelines.looks.vocabulary import VOCABULARY
from pipelines.page import texts
from pipelines.page.controls import SLIDERS
from pipelines.page.doors.calls import texts as api_texts
from pipelines.page.doors.visitors import SessionName, Visitor
from pipelines.page.error_messages import sentences_only
from pipelines.page.runs import face_numbers, require_consent, start_run
from pipelines.page.sessions import Sessions, session_of, visitor_of
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.settings import AUTO, COUNT, FORMATS, MAX_PHOTOS, SETTINGS
from pipelines.studio import Studio


class PublicApi:
    """`/headshot`, `/check_photos`, `/looks` and `/recipe`."""

    def __init__(self, studio: Studio, sessions: Sessions):
        self.studio, self.sessions = studio, sessions

    def add_to_page(self, concurrency_limit: int) -> None:
        """Register the endpoints. Call inside the `gr.Blocks`."""
        engine = {"concurrency_id": "engine", "concurrency_limit": concurrency_limit}
        checks = {"concurrency_id": "checks", "concurrency_limit": 1}  # so the page's own never wait behind them
        api(self.headshot, api_name="headshot", api_description=_describe_headshot(), **engine)
        api(self.check_photos, api_name="check_photos", api_description=api_texts.API_CHECK_PHOTOS, **checks)
        api(self.looks, api_name="looks", api_description=api_texts.API_LOOKS, queue=False)
        api(self.recipe, api_name="recipe", api_description=api_texts.API_RECIPE, queue=False)

    def headshot(self, *arguments: Any) -> Iterator[dict[str, Any]]:
        """Make headshots; arguments as in SIGNATURE, see api_texts.API_HEADSHOT."""
        given = SIGNATURE.bind(self, *arguments)
        given.apply_defaults()
        asked = {name: value for name, value in given.arguments.items() if name not in ("self", "request", "photos")}
        with sentences_only():
            require_consent(asked["consent"])
            session = session_of(given.arguments["request"])
            photos = self._read(given.arguments["photos"], visitor_of(given.arguments["request"]))
        yield from self.make(session, photos, **asked)

    def make(
        self, session: SessionName, photos: list[bytes], *, consent: Any, **asked: Any
    ) -> Iterator[dict[str, Any]]:
        """Make headshots of photos that were read; further arguments as in SIGNATURE."""
        asked["faces"] = face_numbers(asked["faces"])
        asked["engine"] = None if asked["engine"] == AUTO else asked["engine"]
        asked["sizes"] = [] if asked["sizes"] is None else asked["sizes"]
        report: dict[str, Any] = {"stage": "photos", "done": 0.0}
        with sentences_only():
            require_consent(consent)
        yield report  # before anything begins: Gradio closes no generator that has not yet given a value
        with sentences_only():
            with start_run(self.studio, self.sessions, session, photos, **asked) as run:
                for news in run.news():
                    report = _progress(news[-1]) if news else report
                    yield report
                made = run.result()
            yield {"stage": "done", "done": 1.0, "pictures": [_picture(picture) for picture in made.pictures]}

    def check_photos(
        self,
        photos: list[gr.FileData],
        request: gr.Request,
        faces: list[int | None] | None = None,
        consent: bool = False,
    ) -> list[dict[str, Any]]:
        """Look at photos without making anything; see api_texts.API_CHECK_PHOTOS."""
        with sentences_only():
            require_consent(consent)
            files = self._read(photos, visitor_of(request))
        return self.look_at(files, faces, consent)

    def look_at(self, photos: list[bytes], faces: Any = None, consent: Any = False) -> list[dict[str, Any]]:
        """Look at photos that were read; see `check_photos`."""
        with sentences_only():
            require_consent(consent)
            reports = self.studio.check_photos(photos, face_numbers(faces))
            return [
                {
                    "photo": number,
                    "faces": report.faces,
                    "usable": report.error is None and report.weight != 0,
                    "error": report.error,
                    "notes": list(report.notes),
                    "weight": report.weight,
                }
                for number, report in enumerate(reports, 1)
            ]

    def looks(self) -> dict[str, Any]:
        """List looks, fields, settings, sizes, engines and words; see api_texts.API_LOOKS."""
        with sentences_only():
            return {
                "looks": [
                    {
                        "id": look.id,
                        "title": look.title,
                        "description": look.description,
                        "fields": look.fields,
                        **{cut: dict(getattr(look, cut)) for cut in CUTS},
                    }
                    for look in load_looks().values()
                ],
                "fields": {field: list(choices) for field, choices in FIELDS.items()},
                "settings": {name: [setting.low, setting.high] for name, setting in SETTINGS.items()},
                "sizes": {size: list(pixels) for size, pixels in EXPORTS.items()},
                "engines": [
                    {
                        "id": spec.id,
                        "title": spec.title,
                        "about": spec.about,
                        "licence": spec.licence,
                        "commercial_use": spec.commercial_use,
                    }
                    for spec in ENGINES.values()
                ],
                "builtin_words": list(VOCABULARY),
            }

    def recipe(self, picture: gr.FileData, request: gr.Request) -> dict[str, Any]:
        """Read the recipe in a picture that was made here; see api_texts.API_RECIPE."""
        with sentences_only():
            file = self._read([picture], visitor_of(request))[0]
        return self.recipe_in(file)

    def recipe_in(self, picture: bytes) -> dict[str, Any]:
        """Read the recipe in a picture that was read; see `recipe`."""
        with sentences_only():
            found = self.studio.recipe(picture)
            return {name: getattr(found, name) for name in found.__dataclass_fields__}

    def _read(self, files: Any, visitor: Visitor) -> list[bytes]:
        """Read uploads that a client has sent and names, which are then deleted. Raises UserError."""
        if not isinstance(files, list) or not 1 <= len(files) <= MAX_PHOTOS:
            raise UserError(texts.SEND_A_LIST)
        paths = [file.get("path") if isinstance(file, dict) else None for file in files]
        return [self.sessions.uploads.read(path, visitor) for path in paths]


def _progress(progress: Progress) -> dict[str, Any]:
    names = ("stage", "done", "picture", "count", "seconds_left", "place")
    return {name: getattr(progress, name) for name in names}


def _picture(picture: Any) -> dict[str, Any]:
    likeness = picture.likeness
    return {
        "file": _file(picture.path),
        "sizes": {size: _file(path) for size, path in picture.sizes.items()},
        "seed": picture.seed,
        "likeness": likeness.cosine,
        "usual": [likeness.low, likeness.high],
        "usual_for": likeness.basis,
        "verdict": likeness.verdict,
        "warnings": list(picture.warnings),
    }


def _file(path: Any) -> dict[str, Any]:
    return gr.FileData(path=str(path), orig_name=path.name).model_dump()


def _describe_headshot() -> str:
    fields = "\n".join(api_texts.API_FIELD.format(field=field, choices=", ".join(ids)) for field, ids in FIELDS.items())
    settings = "\n".join(
        api_texts.API_SETTING.format(
            name=name,
            label=setting.label,
            low=setting.low,
            high=setting.high,
            default=api_texts.API_OF_ENGINE if name in SLIDERS else api_texts.API_BY_CHANCE,
        )
        for name, setting in SETTINGS.items()
    )
    return api_texts.API_HEADSHOT.format(
        looks=", ".join(load_looks()),
        fields=fields,
        settings=settings,
        low=COUNT.low,
        high=COUNT.high,
        engines=", ".join([AUTO, *ENGINES]),
        formats=api_texts.API_OR.join(FORMATS),
        sizes=", ".join(EXPORTS),
    )


def _signature() -> Signature:
    """Parameters of `/headshot`: those of a Request in the order in which they came to the API."""
    types = get_type_hints(Request)
    asked = {field.name: _parameter(field.name, types[field.name], field.default) for field in fields(Request)}
    before = {
        "self": Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
        "photos": _parameter("photos", list[gr.FileData], Parameter.empty),
        "request": _parameter("request", gr.Request, Parameter.empty),
    }
    after = {
        "faces": _parameter("faces", list[int | None] | None, None),
        "consent": _parameter("consent", bool, False),
        "engine": _parameter("engine", str, AUTO),
        "format": asked["format"],
        "sizes": _parameter("sizes", list[str] | None, None),
        **{name: asked[name] for name in LATER_FIELDS if name in asked},
        **{name: asked[name] for name, setting in SETTINGS.items() if setting.of_second_pass},
    }
    first = {"look": asked["look"], **{name: asked[name] for name in FIRST_FIELDS}}
    rest = {name: parameter for name, parameter in asked.items() if name not in {*before, *after, *first, "out"}}
    between = [*first.values(), *rest.values()]
    return Signature([*before.values(), *between, *after.values()], return_annotation=Iterator[dict[str, Any]])


def _parameter(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind, default=default)


SIGNATURE = _signature()
"""Signature of `PublicApi.headshot`, from which Gradio derives names, types and defaults of the endpoint."""
PublicApi.headshot.__signature__ = SIGNATURE  # type: ignore[attr-defined]
PublicApi.headshot.__annotations__ = {
    **{name: parameter.annotation for name, parameter in SIGNATURE.parameters.items() if name != "self"},
    "return": SIGNATURE.return_annotation,
}
