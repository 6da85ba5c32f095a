"""Studio: a person's photos become finished headshots. Read this file first: `Studio.headshots` is the whole job."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipelines.drawings.drawing import Drawing, DrawnPicture, finish_again, prepare_again, without_photos
from pipelines.drawings.files import save_picture
from pipelines.drift.traits import HeadTraits
from pipelines.engine_spec import EngineSpec, import_by_path
from pipelines.engine_table import engine_row
from pipelines.engines.background_load import BackgroundEngine, load_engine
from pipelines.engines.drawing import Draw, drawing
from pipelines.engines.zero_gpu import require_placed
from pipelines.errors import PictureLost, Skipped
from pipelines.faces.alignment import Sampling
from pipelines.faces.drawn_face import drawn_face
from pipelines.faces.identity import FaceAnalyser, Identity, fuse
from pipelines.faces.likeness import Likeness, likeness_of
from pipelines.faces.photo_report import PhotoReport, report_photos
from pipelines.faces.photos import choose_faces, identity_by, notes_on, open_photos
from pipelines.finishing.finisher import Finisher, eyes_of
from pipelines.finishing.framing import head_place
from pipelines.finishing.tones import Tones
from pipelines.jobs import Jobs
from pipelines.language.sentence import Sentence
from pipelines.looks.prompts import Prompt
from pipelines.looks.shoot import pose
from pipelines.picture import Picture, rank, with_warnings
from pipelines.progress import Pace, Progress, Reporter
from pipelines.provenance.folder import OutputFolder
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import read_recipe
from pipelines.request import Request
from pipelines.run_plan import MAX_REDRAWS, RunPlan, smaller_setting
from pipelines.runtime.early_end import ended_early
from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.memory import clear_frames_on_error, free_memory
from pipelines.weights.fetch import fetch_missing

if TYPE_CHECKING:
    from pipelines.engines.adapters import FaceIDAdapter
    from pipelines.engines.engine import Engine

ASKED_FOR = Sentence("it was asked for")


def _smaller(studio: "Studio", request: Request, **_: Any) -> str:
    return smaller_setting(studio.spec, request)


class Studio:
    """Makes headshots, with one engine in memory. Share one studio among all threads; `jobs` says who runs when."""

    def __init__(self, engine: "Engine | BackgroundEngine", reason: str = ASKED_FOR):
        self.spec = engine.spec  # of the engine for those who name none
        self.reason = reason  # why this engine
        self.jobs = Jobs()
        self.likeness_analyser = FaceAnalyser(engine.spec.judge)  # of the engine for those who name none
        self._engine: Engine | BackgroundEngine | None = engine
        loaded: dict[tuple[str, Sampling], FaceAnalyser] = {(engine.spec.judge, "area"): self.likeness_analyser}
        self._analysers = loaded
        self._adapters: dict[str, FaceIDAdapter] = {}
        self._loading = threading.Lock()
        self._finisher = Finisher(engine.spec.draws)
        self._paces: dict[str, Pace] = {}

    @classmethod
    def load(cls, engine: str = "auto", *, wait: bool = True) -> Self:
        """Load an engine's models, fetching missing ones; "auto" takes the best one that this machine can run.

        Without `wait` the engine is still on its way when this returns, and what goes wrong with it is raised by the
        first run, which looks at its photos meanwhile.
        """
        reason: str = ASKED_FOR
        if engine == "auto":
            with fast_imports():
                from pipelines.engines.auto import choose_engine  # only now: this imports torch
            engine, reason = choose_engine()
        spec = engine_row(engine)
        if not wait:
            return cls(BackgroundEngine(spec, before_load=partial(fetch_missing, spec)), reason)
        fetch_missing(spec)
        return cls(load_engine(spec.id), reason)

    @clear_frames_on_error(advice=_smaller)
    def headshots(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        previews: bool = True,
        cancel: threading.Event | None = None,
        session: str | None = None,
        skip: threading.Event | None = None,
        on_drawing: Callable[[Drawing], None] | None = None,
    ) -> list[Picture]:
        """Make the pictures a person asks for, best likeness first.

        `on_progress` is called on this thread, with a small preview about twice a second unless `previews` is off.
        Setting `cancel` ends the run within a step, and `skip` the picture that is being drawn. `session` names the
        person in the line. A run that ends early, for whatever reason, leaves no file and no face behind; only
        `on_drawing`, for who wants to finish drawings again, makes one that is cancelled or fails return what it has
        finished, with a warning why, and is given the drawing of each. Raises UserError, among them PhotoError,
        Cancelled, Skipped and Busy.
        """
        plan = RunPlan.of(request, self.spec)  # what cannot be done is refused before anybody waits for it
        spec, settings = plan.spec, plan.settings
        require_placed(spec)
        progress = Reporter(plan.count, settings.steps, self._pace(spec), on_progress, cancel, previews, skip)
        analyser = self._analyser(spec, progress.cancel, progress.fetching)  # first, what the engine lacks is fetched
        with self.jobs.place(session) as place, OutputFolder(request.out) as output, ExitStack() as stack:
            # 1. Open the photos: untrusted bytes become upright sRGB arrays.
            photos = open_photos(request.photos, progress.photo)

            # 2. Find the faces; take the only one in each photo, or the one the person chose.
            shots = choose_faces(photos, request.faces, analyser)

            # 3. Fuse them into one identity, and one more for measuring likeness where that is another recogniser.
            # The tones of their skin and hair are those of all photos, too.
            identity = fuse(shots, spec.recogniser)
            judge = self.judge(spec)
            judged = identity if identity.recogniser == judge.recogniser else identity_by(judge, shots)
            tones = Tones.of(identity.shots, traits := self._finisher.traits(spec.draws, identity.shots))

            # 4. Prepare the photos for the engine, which may still be busy with somebody else.
            adapter = self._adapter(spec)
            prepared = adapter.prepare(identity, spec)

            # 5. Put the look and the person's words into words that the engine knows, for each seed: smiles differ.
            prompts = partial(plan.prompt, identity=identity, cutout=adapter.cutout_words(prepared))
            seen = dict.fromkeys(note for s in identity.shots for note in self._finisher.photo_notes(spec.draws, s))
            warnings = (*plan.warnings(prompts(plan.seed)), *notes_on(identity, shots), *adapter.notes(identity), *seen)

            # 6. Wait for our turn. From here to the end of the run nobody else touches the engine.
            place.wait(progress.cancel, lambda ahead: progress.waiting(ahead, self.jobs.seconds_per_run))
            engine = self._ready(spec, progress.cancel, progress.loading)
            warnings += tuple(filter(None, [engine.placement.warning]))
            arguments = partial(self._arguments, plan, prompts)
            draw = stack.enter_context(drawing(engine, identity, prepared, settings, arguments, plan.own_seeds))

            pictures: list[Picture] = []
            lost: list[PictureLost] = []
            missing = 0
            for number, seeds in enumerate(plan.seeds(), 1):
                try:
                    progress.drawing(number)
                    for seed in seeds:
                        try:
                            # 7. to 9. Draw a picture, finish it, measure its likeness; if it is lost, draw another.
                            drawn, finished, image, likeness = self._made(
                                draw, seed, plan, progress, (judge, judged), tones, traits
                            )
                        except PictureLost as error:
                            lost.append(error.with_traceback(None))  # its frames hold the picture
                            continue

                        # 10. Save it with its AI mark and recipe.
                        progress.saving(image)
                        eyes, recipe = eyes_of(spec.draws, plan.look_of(drawn.seed)), plan.recipe(drawn.seed)
                        pictures.append(save_picture(image, likeness, recipe, request, output, finished, eyes))
                        if on_drawing is not None:
                            kept = without_photos(judged)
                            on_drawing(Drawing(drawn=drawn, plan=plan, tones=tones, identity=kept, traits=traits))
                        progress.saved()
                        break
                    else:
                        missing += 1
                except Skipped:
                    continue
                except Exception as error:
                    if on_drawing is None or not pictures:
                        raise
                    warnings += ended_early(error, smaller_setting(spec, request))
                    break

            # 11. The best likeness first, each with what the person should know.
            return rank(with_warnings(pictures, warnings, len(pictures) + missing, lost, MAX_REDRAWS))

    def finish_again(self, drawing: Drawing, request: Request, **fields: str | None) -> Picture:
        """Finish a drawing in the request's look and with other fields, without drawing; see `finish_again`.

        It does not wait in the line: finishing needs no engine.
        """
        return finish_again(drawing, self._finisher, self.judge(drawing.plan.spec), request, fields)

    def prepare_again(self, drawing: Drawing) -> None:
        """Make what `finish_again` can take over of a drawing, before it is asked for."""
        prepare_again(drawing, self._finisher)

    def check_photos(self, photos: Sequence[str | Path | bytes], faces: Sequence[int | None] = ()) -> list[PhotoReport]:
        """Report on each photo, without a run: what was found in it, and whether a run can use it."""
        notes = partial(self._finisher.photo_notes, self.spec.draws)
        return report_photos(photos, faces, self._analyser(self.spec), notes)

    def recipe(self, picture: str | Path | bytes) -> Recipe:
        """Read back how a picture was made; `Request.from_recipe` asks for it again."""
        return read_recipe(picture)

    def _ready(self, spec: EngineSpec, cancel: threading.Event, on_load: Callable[[], None]) -> "Engine":
        """The engine of this row, loaded if another one is in memory. Only inside a turn."""
        if isinstance(self._engine, BackgroundEngine):
            on_load()
            coming = self._engine
            coming.wait(cancel)
            self._engine = None  # if it cannot be loaded, the next run tries again
            self._engine = coming.take()
            del coming  # else it would hold the engine while another one is loaded
        if self._engine is None or self._engine.spec.id != spec.id:
            on_load()
            self._engine = None  # before the other is loaded: they may not fit together
            free_memory()
            self._engine = load_engine(spec.id)
        return self._engine

    def _analyser(
        self,
        spec: EngineSpec,
        cancel: threading.Event | None = None,
        on_fetch: Callable[[float], None] = lambda _: None,
    ) -> FaceAnalyser:
        """The analyser with an engine's recogniser. Whatever the engine lacks is fetched, the recogniser with it."""
        fetch_missing(spec, cancel, on_fetch)
        return self._loaded_analyser(spec.recogniser, spec.embedding_sampling)

    def judge(self, spec: EngineSpec) -> FaceAnalyser:
        """The analyser that measures the likeness of an engine's pictures."""
        return self._loaded_analyser(spec.judge, "area")

    def _loaded_analyser(self, recogniser: str, sampling: Sampling) -> FaceAnalyser:
        with self._loading:
            if (recogniser, sampling) not in self._analysers:
                self._analysers[recogniser, sampling] = FaceAnalyser(recogniser, sampling=sampling)
            return self._analysers[recogniser, sampling]

    def _adapter(self, spec: EngineSpec) -> "FaceIDAdapter":
        with self._loading:
            if spec.adapter_class not in self._adapters:
                self._adapters[spec.adapter_class] = import_by_path(spec.adapter_class)()
            return self._adapters[spec.adapter_class]

    def _pace(self, spec: EngineSpec) -> Pace:
        return self._paces.setdefault(spec.id, Pace())

    def _arguments(self, plan: RunPlan, prompts: Callable[[int], Prompt], seed: int) -> dict[str, Any]:
        """Arguments of `Engine.generate` for the picture with this seed."""
        crop = plan.look.crop
        place = head_place(plan.spec.sizes[crop], crop, pose(plan.look, seed))
        return {"prompt": prompts(seed), "crop": crop, "place": place}

    def _finishing(self, plan: RunPlan, drawn: DrawnPicture, tones: Tones) -> Callable[..., np.ndarray]:
        """Make `finished(largest=None)`, which finishes a drawn picture."""
        finish = partial(self._finisher.finish, cut_out=plan.cut_out)
        return partial(finish, plan.spec.draws, drawn.image, drawn.face, plan.look_of(drawn.seed), drawn.seed, tones)

    def _made(
        self,
        draw: Draw,
        seed: int,
        plan: RunPlan,
        progress: Reporter,
        seen_as: tuple[FaceAnalyser, Identity],
        tones: Tones,
        traits: Sequence[HeadTraits],
    ) -> tuple[DrawnPicture, Callable[..., np.ndarray], np.ndarray, Likeness]:
        """Make the picture with this seed: as drawn, a function that finishes it, as finished, and its likeness.

        `seen_as` is the analyser that judges, and the person to it. Raises PictureLost if what was drawn cannot be
        shown or is no person's face.
        """
        judge, identity = seen_as

        # 7. Draw it. A head must have the colour of skin; free words may ask for light of any colour.
        image = draw(seed, on_step=progress.step)
        face = drawn_face(image, judge.analyse(image), skin=plan.spec.draws == "head")
        drawn = DrawnPicture(image=image, face=face, seed=seed)

        # 8. Finish it: skin and hair as in the photos, crop, grade; clothes and backdrop where they are not drawn.
        progress.finishing(drawn.image)
        finished = self._finishing(plan, drawn, tones)
        image = finished(kept=progress.part)

        # 9. Measure the likeness of the finished picture, because that is what people see, and what else has changed.
        face = drawn_face(image, judge.analyse(image), skin=False)  # a grade may colour it
        likeness = likeness_of(face, identity, judge)
        likeness = self._finisher.with_drift(likeness, image, face, traits, plan.look_of(seed))
        return drawn, finished, image, likeness
