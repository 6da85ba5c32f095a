"""The public endpoints. Their names and arguments are what people script against: never change them."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.finishing.export import EXPORTS
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.looks.vocabulary import VOCABULARY
from pipelines.page.error_messages import sentences_only
from pipelines.page.runs import NO_CONSENT, start_run
from pipelines.page.sessions import Sessions
from pipelines.progress import Progress
from pipelines.settings import AUTO, COUNT, FORMATS, MAX_PHOTOS, SETTINGS
from pipelines.studio import Studio


class PublicApi:
    """`/headshot`, `/check_photos`, `/looks` and `/recipe`."""

    def __init__(self, studio: Studio, visits: Sessions):
        self.studio, self.visits = studio, visits

    def add_to_page(self, concurrency_limit: int) -> None:
        """Register the endpoints. Call inside the `gr.Blocks`."""
        engine = {"concurrency_id": "engine", "concurrency_limit": concurrency_limit}
        photos = {"concurrency_id": "photos", "concurrency_limit": 2}
        gr.api(self.headshot, api_name="headshot", api_description=_describe_headshot(), **engine)
        gr.api(self.check_photos, api_name="check_photos", api_description=_CHECK_PHOTOS, **photos)
        gr.api(self.looks, api_name="looks", api_description=_LOOKS, queue=False)
        gr.api(self.recipe, api_name="recipe", api_description=_RECIPE, queue=False)

    def headshot(
        self,
        photos: list[gr.FileData],
        request: gr.Request,
        look: str = "corporate",
        backdrop: str | None = None,
        wardrobe: str | None = None,
        light: str | None = None,
        expression: str | None = None,
        crop: str | None = None,
        words: str = "",
        negative_words: str = "",
        identity_strength: float | None = None,
        structure: float | None = None,
        guidance_scale: float | None = None,
        steps: int | None = None,
        lora_scale: float | None = None,
        seed: int | None = None,
        count: int = 4,
        faces: list[int | None] | None = None,
        consent: bool = False,
        engine: str = AUTO,
        format: str = "png",
        sizes: list[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Make headshots; see `_describe_headshot`."""
        with sentences_only():
            _insist(consent)
            with start_run(
                self.studio,
                self.visits,
                _session(request),
                self._read(photos),
                both_formats=False,
                look=look,
                backdrop=backdrop,
                wardrobe=wardrobe,
                light=light,
                expression=expression,
                crop=crop,
                words=words,
                negative_words=negative_words,
                identity_strength=identity_strength,
                structure=structure,
                guidance_scale=guidance_scale,
                steps=steps,
                lora_scale=lora_scale,
                seed=seed,
                count=count,
                faces=_numbers(faces),
                engine=None if engine == AUTO else engine,
                format=format,
                sizes=[] if sizes is None else sizes,
            ) as run:
                report: dict[str, Any] = {"stage": "photos", "done": 0.0}
                for news in run.news():
                    report = _progress(news[-1]) if news else report
                    yield report
                made = run.result()
            yield {"stage": "done", "done": 1.0, "pictures": [_picture(picture) for picture in made.pictures]}

    def check_photos(
        self, photos: list[gr.FileData], faces: list[int | None] | None = None, consent: bool = False
    ) -> list[dict[str, Any]]:
        """Look at photos without making anything; see `_CHECK_PHOTOS`."""
        with sentences_only():
            _insist(consent)
            reports = self.studio.check_photos(self._read(photos), _numbers(faces))
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
        """Everything there is to choose from; see `_LOOKS`."""
        with sentences_only():
            return {
                "looks": [
                    {"id": look.id, "title": look.title, "description": look.description, "fields": look.fields}
                    for look in load_looks().values()
                ],
                "fields": {field: list(choices) for field, choices in FIELDS.items()},
                "settings": {name: [setting.low, setting.high] for name, setting in SETTINGS.items()},
                "sizes": {size: list(pixels) for size, pixels in EXPORTS.items()},
                "engines": [
                    {"id": spec.id, "title": spec.title, "about": spec.about, "licence": spec.licence}
                    for spec in ENGINES.values()
                ],
                "builtin_words": list(VOCABULARY),
            }

    def recipe(self, picture: gr.FileData) -> dict[str, Any]:
        """Read the recipe in a picture that was made here; see `_RECIPE`."""
        with sentences_only():
            found = self.studio.recipe(self._read([picture])[0])
            return {name: getattr(found, name) for name in found.__dataclass_fields__}

    def _read(self, files: Any) -> list[bytes]:
        """The content of uploads that a client names, which are then deleted."""
        if not isinstance(files, list) or not 1 <= len(files) <= MAX_PHOTOS:
            raise UserError(f"Send a list of 1 to {MAX_PHOTOS} files.")
        paths = [file.get("path") if isinstance(file, dict) else None for file in files]
        return [self.visits.read_upload(path) for path in paths]


def _insist(consent: Any) -> None:
    if consent is not True:
        raise UserError(NO_CONSENT)


def _session(request: gr.Request) -> str:
    return str(request.session_hash)


def _numbers(faces: Any) -> Any:
    """0 and None both mean that nothing was chosen; anything that is no list is refused by the request."""
    return [number or None for number in faces] if isinstance(faces, list) else () if faces is None else faces


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
    fields = "\n".join(f"{field}: instead of the look's own: {', '.join(ids)}." for field, ids in FIELDS.items())
    settings = "\n".join(
        f"{name}: {setting.label}, {setting.low:g} to {setting.high:g}; none: {_default(name)}."
        for name, setting in SETTINGS.items()
    )
    return f"""Studio headshots of the person in 1 to {MAX_PHOTOS} photos, best likeness first.

Gives progress reports (stage, done, seconds_left, place in the line) and at last a report with `pictures`: file, sizes,
seed, likeness (cosine) with what is usual, verdict, warnings. Cancelling the job stops the run. The photos are deleted
once they are read, the pictures when the client leaves, at the latest after half an hour.

photos: 1 to {MAX_PHOTOS} files (JPEG, PNG, WebP, HEIC) of one person.
consent: must be true: the photos show you, or somebody who gave permission, and they are an adult.
look: {", ".join(load_looks())}.
{fields}
words, negative_words: what the picture should and should not show.
{settings}
count: how many pictures, {COUNT.low:g} to {COUNT.high:g}.
faces: per photo the number of the face from the left, where a photo shows several; 0 or none for no choice.
engine: {AUTO}, {", ".join(ENGINES)}.
format: {" or ".join(FORMATS)}.
sizes: extra files: {", ".join(EXPORTS)}."""


def _default(name: str) -> str:
    return "drawn by chance" if name == "seed" else "the engine's own"


_CHECK_PHOTOS = """What was found in photos, before a run: for each the number of faces, whether it can be used, why not
and what to do, what could be better, and its weight in the identity (0: somebody else). Photos are deleted once read.

photos: 1 to 6 files of one person.
consent: must be true: the photos show you, or somebody who gave permission, and they are an adult.
faces: per photo the number of the face from the left, where a photo shows several."""

_LOOKS = """Every look with its fields, every choice of every field, the ranges of the settings, the sizes, the engines
with their licences, and the words that the built-in engine knows."""

_RECIPE = """The recipe in a picture that was made here: the settings which, with the same photos, make it again.

picture: a PNG or JPEG file as it was downloaded."""
