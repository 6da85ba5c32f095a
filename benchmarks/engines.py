"""What the path around SD 1.5 costs, at its full size with random weights: `python benchmarks/engines.py`.

No hub is needed: time does not depend on what the weights say. In fresh processes: our engine against bare diffusers
with the same settings, alternating; the few-step row against 30 DDIM steps with guidance, as FaceID's own Space draws;
and each one's peak memory. About ten minutes on two cores.
"""

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a file too

import torch

from benchmarks.bars import Bar, Outcome, report, write_json
from pipelines.engine_table import Settings
from pipelines.engines import Engine, Step
from pipelines.prompts import Prompt

WORDS = Prompt(positive="a studio portrait of a person in a suit", negative="blurry", understood=(), ignored=())
SIDE = 512
COMPARED_STEPS = 2
ROUNDS = 3
SPACE_STEPS = 30  # DDIM with guidance, as h94's model card and Space do
GIGABYTE = 1e9


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every mode in a process of its own and print the bars."""
    line = argparse.ArgumentParser(description=__doc__)
    line.add_argument("--mode", choices=MODES, help=argparse.SUPPRESS)
    line.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    given = line.parse_args(arguments)
    if given.mode:
        torch.manual_seed(0)
        figures = MODES[given.mode]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(json.dumps(figures | {"peak_gb": peak / GIGABYTE}))
        return 0

    took: dict[str, dict[str, float]] = {}
    for mode in MODES:
        command = [sys.executable, __file__, "--mode", mode]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        took[mode] = json.loads(done.stdout.splitlines()[-1])
        print(f"{mode}: " + ", ".join(f"{name} {value:.3g}" for name, value in took[mode].items()), flush=True)
    faster = took["thirty DDIM steps"]["seconds"] / took["few steps"]["seconds"]
    bars = [
        Bar(name="our path / bare diffusers", figure=took["overhead"]["ratio"], rule="<=", limit=1.03),
        Bar(name="few steps: times as fast as 30 DDIM steps", figure=faster, rule=">=", limit=8.0),
    ]
    outcome = Outcome(bars=bars, details=took)
    if given.json:
        write_json(given.json, {"engines": outcome}, {"torch": torch.__version__, "threads": torch.get_num_threads()})
    print()
    return report({"engines": outcome})


def overhead() -> dict[str, float]:
    """Seconds of our engine and of bare diffusers, the same parts and settings, in turns."""
    engine = full_size(few_steps=False)
    condition, settings = engine.condition(somebody()), dataclasses.replace(engine.spec.defaults, steps=COMPARED_STEPS)
    bare = bare_diffusers(engine, condition, settings)

    def preview(step: Step) -> None:
        step.preview()

    def ours() -> None:
        engine.generate(condition, WORDS, settings, 7, on_step=preview)

    times: dict[Callable[[], None], list[float]] = {ours: [], bare: []}
    for run in (ours, bare):
        run()  # the first call of each is slower
    for _ in range(ROUNDS):
        for run, seconds in times.items():
            seconds.append(clock(run))
    mine, theirs = median(times[ours]), median(times[bare])
    return {"ours": mine, "bare": theirs, "ratio": mine / theirs}


def few_steps() -> dict[str, float]:
    """Seconds of one picture of the few-step row, at its defaults."""
    engine = full_size(few_steps=True)
    condition = engine.condition(somebody())
    return {"seconds": clock(lambda: engine.generate(condition, WORDS, engine.spec.defaults, 7))}


def thirty_ddim_steps() -> dict[str, float]:
    """Seconds of one picture in bare diffusers, as FaceID's Space draws it."""
    from diffusers import DDIMScheduler

    engine = full_size(few_steps=False)
    condition = engine.condition(somebody())
    engine.pipeline.scheduler = DDIMScheduler.from_config(engine.pipeline.scheduler.config)
    settings = dataclasses.replace(engine.spec.defaults, steps=SPACE_STEPS)
    return {"seconds": clock(bare_diffusers(engine, condition, settings))}


MODES: dict[str, Callable[[], dict[str, float]]] = {
    "overhead": overhead,
    "few steps": few_steps,
    "thirty DDIM steps": thirty_ddim_steps,
}


def clock(run: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    start = time.monotonic()
    run()
    return time.monotonic() - start


def bare_diffusers(engine: Engine, condition: Any, settings: Settings) -> Callable[[], None]:
    """The same picture by `StableDiffusionPipeline` alone, without our class, with the parts of our engine."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline(**engine.pipeline.components, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    layer = pipeline.unet.encoder_hid_proj.image_projection_layers[0]
    embeds = torch.cat([torch.zeros_like(condition.embedding), condition.embedding]).to(pipeline.unet.dtype)

    def run() -> None:
        pipeline.set_ip_adapter_scale(settings.identity_strength)
        layer.clip_embeds = torch.cat(condition.structure).to(pipeline.unet.dtype)
        layer.shortcut, layer.shortcut_scale = True, settings.structure
        pipeline(
            WORDS.positive,
            negative_prompt=WORDS.negative,
            height=SIDE,
            width=SIDE,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            generator=torch.Generator().manual_seed(7),
            ip_adapter_image_embeds=[embeds],
            output_type="np",
        )
        layer.clip_embeds = None

    return run


def somebody() -> Any:
    """A face made of noise, in the embedding space that the row wants."""
    from tests.tiny_engines import noise_person

    return noise_person(1)


def full_size(*, few_steps: bool) -> Engine:
    """The row's engine with random weights at SD 1.5's size, loaded by the engines' own code, in bfloat16."""
    from tests import tiny_checkpoints as tiny
    from tests.checkpoint_sizes import FULL

    engine_id = "sd15-lcm" if few_steps else "sd15"
    with tempfile.TemporaryDirectory() as folder:
        row = tiny.tiny_row(engine_id, Path(folder), FULL["sd15"])
        # The safety checker looks at the finished picture once, in either path: left out.
        parts = {name: row.components[name] for name in ("vae", "image_encoder")}
        row = dataclasses.replace(row, components=parts, options={"safety_checker": None})
        return Engine.load(engine_id, table={engine_id: row}, dtype=torch.bfloat16)


if __name__ == "__main__":
    sys.exit(main())
