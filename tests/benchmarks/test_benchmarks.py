"""The benchmarks' own judges and tables can be trusted; the figures themselves come from running them."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmarks.common.checkpoint_sizes import TINY
from benchmarks.common.judges import SAME_PERSON, DlibJudge, cheek_colour, distance, hue_difference
from benchmarks.common.report import Bar, Outcome, report, table, write_json
from benchmarks.common.stopwatch import Stopwatch
from benchmarks.engines import __main__ as engines
from benchmarks.engines import full_size, throughput
from benchmarks.likeness.people import SHOTS, selfies
from benchmarks.likeness.seeds_and_words import contrary
from benchmarks.likeness.skin_groups import typology_angle
from benchmarks.mask import halo, outline
from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.engines import placement
from pipelines.images.decode import open_photo

LANDMARKS = np.array([[40, 40], [80, 40], [60, 60], [44, 80], [76, 80]], np.float32)


def bar(figure: float, rule: str = ">=", limit: float = 0.5) -> Bar:
    return Bar(name="a figure", figure=figure, rule=rule, limit=limit)


@pytest.mark.parametrize(
    ("figure", "rule", "passed"),
    [(0.5, ">=", True), (0.49, ">=", False), (0.5, "<=", True), (0.51, "<=", False), (0.5, ">", False)],
)
def test_a_bar_is_reached_or_not(figure: float, rule: str, passed: bool) -> None:
    assert bar(figure, rule).passed is passed


@pytest.mark.parametrize("rule", [">=", "<=", ">"])
def test_a_figure_that_is_no_number_reaches_no_bar(rule: str) -> None:
    assert not bar(math.nan, rule).passed


def test_one_missed_bar_fails_the_run_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert report({"good": Outcome(bars=[bar(0.6)])}) == 0
    assert report({"good": Outcome(bars=[bar(0.6)]), "bad": Outcome(bars=[bar(0.4)])}) == 1
    assert "1 of 2 bars reached" in capsys.readouterr().out
    assert table([bar(0.4)]).splitlines()[1].endswith("FAIL")


def test_the_figures_can_be_read_by_any_program(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    outcome = Outcome(bars=[bar(math.inf, "<=")], details={"distances": [0.25, math.inf], "by_rung": {0.5: 1.0}})
    write_json(file, {"part": outcome}, {"seeds": (7, 8)})
    read = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert read["parts"]["part"]["details"] == {"distances": [0.25, None], "by_rung": {"0.5": 1.0}}
    assert read["parts"]["part"]["bars"][0]["passed"] is False


def test_the_independent_judge_knows_a_person_again_and_strangers_apart() -> None:
    judge = DlibJudge()
    photos = [[judge.describe(open_photo(selfie.with_name(shot))) for shot in SHOTS] for selfie in selfies()[:2]]
    (ann, ann_again), (ben, ben_again) = photos
    assert distance(ann, ann_again) < SAME_PERSON
    assert distance(ben, ben_again) < SAME_PERSON
    assert distance(ann, ben_again) > SAME_PERSON
    assert distance(ann, None) == math.inf


def test_the_independent_judge_sees_nobody_in_an_empty_picture() -> None:
    assert DlibJudge().describe(np.full((64, 64, 3), 128, np.uint8)) is None


@pytest.mark.parametrize(("grey", "expected"), [(0, 0.0), (119, 50.0), (255, 100.0)])
def test_lightness_of_the_cheeks_is_cielab_s(grey: int, expected: float) -> None:
    image = np.full((120, 120, 3), grey, np.uint8)
    assert cheek_colour(image, LANDMARKS)[0] == pytest.approx(expected, abs=0.2)


def test_lightness_of_the_cheeks_looks_at_nothing_but_the_cheeks() -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    image[54:66, 36:48] = image[54:66, 72:84] = 255
    assert cheek_colour(image, LANDMARKS)[0] > 95


@pytest.mark.parametrize(
    ("one", "other", "degrees"),
    [((50, 1, 1), (60, 1, 0), 45), ((50, 1, -1), (50, 1, 1), -90), ((1, 2, 3), (9, 2, 3), 0)],
)
def test_hue_is_an_angle_and_has_no_lightness(one: tuple, other: tuple, degrees: float) -> None:
    assert hue_difference(np.array(one), np.array(other)) == pytest.approx(degrees)


@pytest.mark.parametrize(("colour", "degrees"), [((75, 12, 14), 60.8), ((50, 15, 20), 0), ((30, 12, 20), -45)])
def test_the_typology_angle_is_chardons(colour: tuple[float, ...], degrees: float) -> None:
    """arctan((L* - 50) / b*): very light above 55 degrees, dark below -30."""
    assert typology_angle(np.array(colour)) == pytest.approx(degrees, abs=0.1)


# The GPU's part of the benchmark of the big engines, as far as it goes without one


def test_batches_grow_while_they_pay() -> None:
    seconds = {1: 2.0, 2: 3.0, 4: 5.0, 8: 12.0, 16: 1.0}
    figures = throughput.batches(lambda count: lambda: seconds[count], lambda run: run())
    assert (figures["seconds"], figures["best_batch"], figures["per_minute"]) == (2.0, 4, 48.0)


def test_batches_grow_while_they_fit() -> None:
    def run(count: int) -> Any:
        if count == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return lambda: 1.0

    figures = throughput.batches(run, lambda run: run())
    assert (figures["best_batch"], figures["too_large_batch"], figures["per_minute"]) == (2, 4, 120.0)
    with pytest.raises(RuntimeError, match="another error"):
        throughput.batches(lambda count: raising(RuntimeError("another error")), lambda run: run())


def raising(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl", "sdxl-lcm"])
def test_every_figure_of_the_gpu_is_measured_on_an_engine(
    engine_id: str, monkeypatch: pytest.MonkeyPatch, tiny_rows: Callable[[str], EngineSpec]
) -> None:
    base = engine_id.partition("-")[0]
    folder = Path(tiny_rows(f"{base}-lcm").base.repo).parents[1]  # of "owner/name"
    quick = {k: replace(row, defaults=replace(row.defaults, steps=2)) for k, row in ENGINES.items()}
    monkeypatch.setattr(full_size, "ENGINES", quick)
    monkeypatch.setattr(full_size, "FULL", TINY)
    monkeypatch.setattr(full_size, "SPACE_STEPS", 4)
    monkeypatch.setattr(throughput, "LARGEST_BATCH", 2)
    monkeypatch.setattr(throughput, "ROUNDS", 1)
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)
    figures = throughput.measure(engine_id, folder)
    assert {"seconds", "peak_gb", "per_minute", "best_batch", "best_batch_peak_gb"} <= figures.keys()
    assert ({"bare_seconds", "thirty_ddim_seconds"} <= figures.keys()) == (engine_id == base)
    assert figures["best_batch"] in (1, 2) and figures["per_minute"] >= 60 / figures["seconds"]


def test_without_a_gpu_its_part_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as left:
        engines.main(["--gpu"])
    assert left.value.code != 0 and "There is no CUDA GPU here." in capsys.readouterr().err


def test_the_stopwatch_counts_inner_steps_once() -> None:
    def outer() -> None:
        time.sleep(0.02)
        owner.inner()

    owner = SimpleNamespace(inner=lambda: time.sleep(0.05), outer=outer)
    watch = Stopwatch()
    watch.time(owner, "inner", "inner")
    watch.time(owner, "outer", "outer")
    owner.outer()
    lap = watch.lap()
    assert lap["inner"] >= 0.05
    assert 0.02 <= lap["outer"] < lap["inner"]
    assert not watch.lap()


@pytest.fixture(scope="module")
def drawn_outline() -> np.ndarray:
    return outline(np.random.default_rng(0), blur=0)


def test_the_drawn_outline_is_a_person_with_loose_hair(drawn_outline: np.ndarray) -> None:
    assert drawn_outline.dtype == np.float32 and drawn_outline.min() == 0 and drawn_outline.max() == 1
    assert 0.25 < drawn_outline.mean() < 0.45
    row = drawn_outline[90]  # above the head, where strands are all there is
    assert int((np.diff((row > 0.5).astype(int)) != 0).sum()) > 4


def test_a_perfect_cut_out_has_no_halo_and_a_wider_one_has(drawn_outline: np.ndarray) -> None:
    white = np.ones((*drawn_outline.shape, 3), np.float32)
    assert halo(drawn_outline, drawn_outline, white) < 0.5
    assert halo(drawn_outline, cv2.dilate(drawn_outline, np.ones((31, 31))), white) > 50


def test_the_word_that_contradicts_the_selfie_is_the_one_that_has_to_win() -> None:
    def person(nose: float) -> Any:
        landmarks = np.array([[160, 200], [240, 200], [nose, 250], [170, 300], [230, 300]], np.float32)
        best = SimpleNamespace(face=SimpleNamespace(landmarks=landmarks))
        return SimpleNamespace(selfie=np.zeros((400, 400, 3), np.uint8), identity=SimpleNamespace(best=best))

    assert contrary("turned-right", "turned-left", person(nose=180)) == "turned-right"
    assert contrary("turned-right", "turned-left", person(nose=225)) == "turned-left"
