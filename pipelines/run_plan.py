"""Run plan: a request with every choice made (engine, look, settings, seeds)."""

import hashlib
import itertools
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import engine_row, smaller_engine
from pipelines.errors import UserError
from pipelines.faces.identity import Identity
from pipelines.faces.measurements import smiles
from pipelines.finishing.export import EXPORTS
from pipelines.language.sentence import Sentence
from pipelines.looks.clothes import not_worn_with
from pipelines.looks.fields import BUILTIN, CHOICES, EDIT, field_label, unobeyed
from pipelines.looks.preset import Look, load_look, own_choices, with_chosen_cut, with_fields
from pipelines.looks.prompts import Prompt, apply_words, clean_words, compose, described_fields
from pipelines.looks.shoot import pose, with_cut_of
from pipelines.misuse.rules import check_words
from pipelines.provenance.recipe import Recipe
from pipelines.request import Request
from pipelines.settings import SEEDS, SETTINGS, Settings
from pipelines.version import __version__
from pipelines.wardrobe.outfit import NO_SHIRT, NO_TIE, left_out
from pipelines.weight_table import project_files

MAX_REDRAWS = 4  # in one run, for pictures that show no face
BOTH_CUTS = Sentence("Some pictures wear men's clothes and some women's: choose a cut to have only one.")
NO_SIZE = Sentence("There is no such size. Choose among: {sizes}.")
MOST_STEPS = Sentence("{engine} draws in {most} steps at most. Ask for fewer, and try again.")
UNUSED = Sentence("{setting}: {reason}")
NO_LORA = Sentence("Does nothing here: this engine's adapter has no LoRA of its own.")
ONE_PASS = Sentence("Does nothing here: this engine draws in one pass.")
BESIDE_WORDS = Sentence("{field}: left out, because your words describe the clothes. Add it to them.")
NEED_GUIDANCE = Sentence("Negative words need guidance: raise it above 1, or they do nothing.")
UNWANTED_NEEDS_GUIDANCE = Sentence(
    "“{words}” should not be in the picture, and this engine is told so only with guidance: raise it above 1."
)
IGNORED = Sentence("The words “{words}” mean nothing to this engine and were ignored.")
FEWER_PHOTOS = Sentence("Use fewer photos and try again.")
FEWER_PICTURES = Sentence("Ask for {number} at a time and try again.")
SMALLER_PHOTO = Sentence("Close other programs or use a smaller photo, and try again.")
DRAWN_SEEDS = 1_000_000  # a seed drawn by chance is short enough to read out


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """A request with every choice made."""

    spec: EngineSpec
    look: Look  # with the fields that the person chose or named in words
    cut_out: bool  # a whole picture's person is set before a painted backdrop
    words: str
    negative_words: str
    settings: Settings
    seed: int  # of the first picture
    count: int
    versions: dict[str, str]  # of what the pictures depend on besides these settings

    @classmethod
    def of(cls, request: Request, loaded: EngineSpec) -> Self:
        """Settle a request. `loaded` is the engine for those who name none.

        Raises UserError for names nobody knows, and NotMade for words that an engine with free words must not get.
        """
        spec = engine_spec(request.engine, loaded)
        if spec.family != BUILTIN:  # which draws no word that is not in its list
            check_words(clean_words(request.words), clean_words(request.negative_words))
        own = load_look(request.look)
        look = apply_words(with_fields(own, **request.fields), request.words, spec.family)
        if spec.family != BUILTIN:  # whose cut is settled for each picture
            look = with_chosen_cut(look)
        described = described_fields(request.words, spec.family)
        cut_out = replaces_backdrop(spec, own, look, described="backdrop" in described)
        for size in request.sizes:
            if size not in EXPORTS:
                raise UserError(NO_SIZE.format(sizes=", ".join(EXPORTS)))
        chosen = {name: getattr(request, name) for name in SETTINGS if name != "seed"}
        settings = {name: getattr(spec.defaults, name) if value is None else value for name, value in chosen.items()}
        if settings["steps"] > spec.most_steps:
            raise UserError(MOST_STEPS.format(engine=spec.title, most=spec.most_steps))
        seed = secrets.randbelow(DRAWN_SEEDS) if request.seed is None else request.seed
        return cls(
            spec=spec,
            look=look,
            cut_out=cut_out,
            words=request.words,
            negative_words=request.negative_words,
            settings=Settings(**settings),
            seed=seed,
            count=request.count,
            versions=versions(spec),
        )

    @property
    def own_seeds(self) -> list[int]:
        """The first seed of each picture."""
        return [(self.seed + k) % SEEDS for k in range(self.count)]

    def seeds(self) -> Iterator[Iterator[int]]:
        """Seeds of each picture: its own first, then the unused ones that are left for redraws in this run."""
        spare = iter([(self.seed + self.count + k) % SEEDS for k in range(MAX_REDRAWS)])
        for own in self.own_seeds:
            yield itertools.chain((own,), spare)

    def look_of(self, seed: int) -> Look:
        """Look of the picture with this seed: its cut is settled, but for engines that draw clothes themselves."""
        return with_cut_of(self.look, seed) if self.spec.family == BUILTIN else self.look

    def recipe(self, seed: int) -> Recipe:
        """Recipe of the picture with this seed."""
        words = {"words": self.words, "negative_words": self.negative_words}
        look = self.look_of(seed)
        asked: dict[str, Any] = {"look": look.id, **look.fields, **words, **asdict(self.settings)}
        return Recipe(engine=self.spec.id, seed=seed, versions=self.versions, **asked)

    def prompt(self, seed: int, *, identity: Identity, cutout: tuple[str, ...]) -> Prompt:
        """Words for the picture of a person with this seed; `cutout` as `compose` has it."""
        return compose(
            self.look,
            words=self.words,
            negative_words=self.negative_words,
            family=self.spec.family,
            cutout=cutout,
            smile=pose(self.look, seed).smile,
            smiling=smiles(identity.best.face.landmarks),
            photos=len(identity.shots),
        )

    def warnings(self, prompt: Prompt) -> tuple[str, ...]:
        """Sentences on what this engine will not do; known before the run."""
        fields = {name: choice for name, choice in self.look.fields.items() if name in self.look.chosen}
        said = [unobeyed(self.spec.family, name, choice) for name, choice in fields.items()]
        if self.spec.family == BUILTIN:
            said += dict.fromkeys(note for seed in self.own_seeds for note in left_out(self.look_of(seed).fields))
            if len({self.look_of(seed).cut for seed in self.own_seeds}) > 1:
                said.append(BOTH_CUTS)
        else:
            said += clothes_left_out(self.look, self.words, self.spec.family)
        for name, reason in unused_settings(self.spec).items():
            if getattr(self.settings, name) != getattr(self.spec.defaults, name):
                said.append(UNUSED.format(setting=SETTINGS[name].label, reason=reason))
        said.append(guidance_note(self.spec.family, self.settings.guidance_scale, self.negative_words, prompt))
        ignored = [IGNORED.format(words=words) for words in prompt.ignored]
        return (*(sentence for sentence in said if sentence), *ignored)


def guidance_note(family: str, guidance_scale: float, negative_words: str, prompt: Prompt) -> str:
    """Say what does nothing without guidance: negative words, or what the words want left out; else ""."""
    if guidance_scale > 1 or family == EDIT:
        return ""
    if negative_words:
        return NEED_GUIDANCE
    return UNWANTED_NEEDS_GUIDANCE.format(words=", ".join(prompt.unwanted)) if prompt.unwanted else ""


def clothes_left_out(look: Look, words: str, family: str) -> list[str]:
    """Sentences on clothes that the person chose and an engine which draws clothes is not told of."""
    own = load_look(look.id)
    by_words = apply_words(own, words, family).chosen
    chosen = {  # a recipe names every field
        name for name in look.chosen - by_words if look.fields[name] not in (own.fields[name], *own_choices(own, name))
    }
    if {"wardrobe", "colour"} & described_fields(words, family):
        names = [name for name in ("tie", "tie_colour", "shirt_colour", "cut") if name in chosen]
        return [BESIDE_WORDS.format(field=field_label(name)) for name in names]
    sentences, garment = {"tie": NO_TIE, "shirt_colour": NO_SHIRT}, CHOICES["wardrobe"][look.wardrobe].label
    asked = chosen | ({"tie"} if "tie_colour" in chosen else set())
    return [sentences[name].format(garment=garment) for name in not_worn_with(look.fields) if name in asked]


def unused_settings(spec: EngineSpec) -> Mapping[str, str]:
    """Settings that do nothing with an engine, each with the reason as a sentence."""
    lacking = {}
    for name, setting in SETTINGS.items():
        if setting.of_lora and not spec.adapter_lora:
            lacking[name] = NO_LORA
        if setting.of_second_pass and not spec.second_pass:
            lacking[name] = ONE_PASS
    return {**lacking, **spec.unused_settings}


def replaces_backdrop(spec: EngineSpec, own: Look, asked: Look, *, described: bool) -> bool:
    """True where a whole picture's backdrop is replaced by the painted one of the look as it was asked for.

    An engine that draws backdrops is told the look's in words, and what it drew stays, but of a look that wants the
    painted one. Whoever chooses another out of our list, as a field or by a phrase that means it, gets that; words
    that have `described` one win over both. (The look's own, chosen once more, changes nothing: a recipe names every
    field, and asks for the same picture.)
    """
    if spec.backdrop == "replace":
        return True
    return not described and (own.painted_backdrop or asked.backdrop not in own_choices(own, "backdrop"))


def engine_spec(engine_id: str | None, loaded: EngineSpec) -> EngineSpec:
    """Row of an engine; None is the one that is loaded."""
    if engine_id is None or engine_id == loaded.id:
        return loaded
    return engine_row(engine_id)


def smaller_setting(spec: EngineSpec, request: Request) -> str:
    """Name the next smaller setting of a request to this engine, as advice for when memory ran out."""
    if smaller := smaller_engine(engine_spec(request.engine, spec)):
        return smaller
    if len(request.photos) > 1:
        return FEWER_PHOTOS
    if request.count > 1:
        return FEWER_PICTURES.format(number=request.count // 2)
    return SMALLER_PHOTO


def versions(spec: EngineSpec) -> dict[str, str]:
    """Versions that a picture depends on besides its settings."""
    libraries = {name: metadata.version(name) for name in ("torch", "diffusers")}
    return {"app": __version__, "model": spec.base.revision or _fingerprint(Path(spec.base.repo)), **libraries}


@cache
def _fingerprint(folder: Path) -> str:
    """Twelve hex digits that change when any weight in the folder does.

    Of the project's own folders they come from the weight table: loading refuses files that are not the table's.
    """
    hashes = [bytes.fromhex(row.sha256) for row in project_files(folder) if row.sha256]
    if not hashes:  # weights of somebody's own
        for file in sorted(folder.rglob("*.safetensors")):
            with file.open("rb") as weights:
                hashes.append(hashlib.file_digest(weights, "sha256").digest())
    return hashlib.sha256(b"".join(hashes)).hexdigest()[:12]
