"""Measures of a picture, and the words they stand for."""

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from pipelines.looks.vocabulary import VOCABULARY
from pipelines.paths import MODELS
from tests.support.made_up_training import LANDMARKS
from training.data import attributes
from training.model import WORDS, token_ids


def drawn(backdrop: float = 0.5, clothes: float = 0.4, left: float = 0.5, right: float = 0.5) -> np.ndarray:
    """A picture (256, 256, 3) of grey levels: backdrop above, clothes below, two cheeks."""
    picture = np.full((256, 256, 3), backdrop, np.float32)
    picture[-40:] = clothes
    picture[80:-40, 64:128], picture[80:-40, 128:192] = left, right
    return picture


def looking(shift: float = 0.0, smile: float = 0.0) -> np.ndarray:
    """LANDMARKS with the nose moved and the mouth widened, in eye distances."""
    points = LANDMARKS.copy()
    points[2, 0] += 60 * shift
    points[3, 0] -= 30 * smile
    points[4, 0] += 30 * smile
    return points


@pytest.mark.parametrize(
    ("picture", "points", "words"),
    [
        (drawn(), looking(), "facing plain-backdrop"),
        (drawn(), looking(shift=0.2), "turned-right plain-backdrop"),
        (drawn(), looking(shift=-0.2), "turned-left plain-backdrop"),
        (drawn(), looking(smile=0.2), "facing smiling plain-backdrop"),
        (drawn(), looking(smile=-0.1), "facing serious plain-backdrop"),
        (drawn(backdrop=0.8), looking(), "facing light-backdrop plain-backdrop"),
        (drawn(backdrop=0.1), looking(), "facing dark-backdrop plain-backdrop"),
        (drawn(clothes=0.1), looking(), "facing plain-backdrop dark-clothes"),
        (drawn(clothes=0.9), looking(), "facing plain-backdrop light-clothes"),
        (drawn(left=0.6), looking(), "facing plain-backdrop lit-left"),
        (drawn(right=0.6), looking(), "facing plain-backdrop lit-right"),
        (drawn() * (1, 0.8, 0.6), looking(), "facing plain-backdrop warm-backdrop"),
        (drawn() * (0.5, 0.9, 0.5), looking(), "facing plain-backdrop green-backdrop"),
    ],
)
def test_the_words_say_what_stands_in_the_picture(picture: np.ndarray, points: np.ndarray, words: str) -> None:
    shown = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    measures = attributes.measure(shown, torch.from_numpy(points)[None])
    assert attributes.words_for(measures[0].tolist()) == words.split()


def test_light_is_that_of_half_a_face_and_a_patch_is_not() -> None:
    points = torch.from_numpy(looking())[None]
    half, patch = torch.full((2, 3, 256, 256), 0.5)
    half[:, :, : int(points[0, 2, 0])] += 0.2
    x, y = ((points[0, 0] + points[0, 3]) / 2).int().tolist()
    patch[:, y - 8 : y + 8, x - 8 : x + 8] += 0.2
    side, light = (attributes.NAMES.index(name) for name in ("side", "light"))
    measures = attributes.measure(torch.stack([half, patch]), points.expand(2, -1, -1))
    assert measures[:, side].tolist() == pytest.approx([0.2, 0.2])
    assert measures[0, light] > 0.17
    assert measures[1, light] < 0.04


def test_light_and_skin_are_kept_and_head_turn_is_not() -> None:
    deviations, target = torch.full((len(attributes.NAMES),), 0.5), torch.zeros(2, len(attributes.NAMES))
    drawn = target.clone()
    drawn[0, attributes.NAMES.index("turn")] = 1.0
    drawn[1, attributes.NAMES.index("light")] = -1.0
    assert attributes.appearance_difference(drawn, target, deviations).tolist() == [0, 2 / len(attributes.PRESERVED)]


def test_a_direction_raises_its_own_measure_by_one_deviation() -> None:
    rng = np.random.default_rng(2)
    styles = torch.from_numpy(rng.normal(size=(2000, 32)).astype(np.float32))
    readers = rng.normal(size=(32, len(attributes.NAMES)))
    measures = styles.numpy() @ readers
    toward = attributes.directions(styles, measures)
    for k, name in enumerate(attributes.NAMES):
        assert toward[name].numpy() @ readers[:, k] == pytest.approx(measures[:, k].std(), rel=0.2)


def test_training_and_app_speak_the_same_words() -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(MODELS / "builtin" / "tokenizer")
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert tuple(word for word, _ in by_id) == WORDS
    assert set(WORDS[3:]) == set(VOCABULARY) == {word for word, *_ in attributes.RULES}
    for words in ([], ["smiling"], list(VOCABULARY)[:14], list(VOCABULARY)):
        ids = tokenizer(" ".join(words), padding="max_length", truncation=True, max_length=16).input_ids
        assert ids == token_ids(words)


def test_what_words_miss_is_nothing_where_their_rules_hold_and_pulls_where_they_do_not() -> None:
    deviations = torch.full((len(attributes.NAMES),), 0.2)
    measures = torch.zeros(3, len(attributes.NAMES), requires_grad=True)
    turn = attributes.NAMES.index("turn")
    with torch.no_grad():
        measures[0, turn], measures[2, turn] = 0.4, -0.9  # as asked, and far the other way
    off = attributes.rule_violation(measures, [["turned-right"]] * 3, deviations)
    assert off[0] == 0 and off[2] > off[1] > 1
    off.sum().backward()
    assert measures.grad is not None
    assert measures.grad[1, turn] < 0 and measures.grad[2, turn] < 0 and measures.grad.count_nonzero() == 2
