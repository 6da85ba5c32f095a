"""Measures of an aligned 256 px picture, the words they stand for, and the style directions that change them."""

from collections.abc import Sequence

import numpy as np
import torch

NAMES = ("turn", "mouth", "bright", "busy", "warm", "green", "clothes", "skin_r", "skin_g", "skin_b", "side", "light")
"""Columns of `measure`."""

LUMA = (0.299, 0.587, 0.114)
HALF_FACE_SIGMA = 0.25
"""Standard deviation of the Gaussian that weights each half of the face in `light`, in eye distances."""

RULES = (
    ("facing", "turn", -0.08, 0.08),
    ("turned-right", "turn", 0.16, 9),
    ("turned-left", "turn", -9, -0.16),
    ("smiling", "mouth", 0.94, 9),
    ("serious", "mouth", -9, 0.83),
    ("dark-backdrop", "bright", -9, 0.3),
    ("light-backdrop", "bright", 0.62, 9),
    ("plain-backdrop", "busy", -9, 0.06),
    ("busy-backdrop", "busy", 0.13, 9),
    ("warm-backdrop", "warm", 0.15, 9),
    ("cool-backdrop", "warm", -9, -0.02),
    ("green-backdrop", "green", 0.06, 9),
    ("dark-clothes", "clothes", -9, 0.27),
    ("light-clothes", "clothes", 0.55, 9),
    ("lit-left", "side", 0.07, 9),
    ("lit-right", "side", -9, -0.06),
)
"""(word, measure, low, high): the word holds for a picture whose measure lies between the two."""


def measure(pictures: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """Measure pictures (n, 3, 256, 256) RGB in [0, 1] with landmarks (n, 5, 2) in pixels: (n, 12), differentiable.

    turn: nose from the middle of the eyes, along their line, in eye distances, right positive; mouth: its width in eye
    distances; bright, warm, green: of the upper corners (luma, red - blue, green - mean of both); busy: deviation of
    luma at the sides; clothes: luma of the lower corners; skin_*: mean of the cheeks; side: left minus right cheek;
    light: luma of the left half of the face minus that of the right.
    """
    eyes, axis = (landmarks[:, 0] + landmarks[:, 1]) / 2, landmarks[:, 1] - landmarks[:, 0]
    gap = axis.norm(dim=1)
    turn = ((landmarks[:, 2] - eyes) * axis).sum(1) / gap**2
    mouth = (landmarks[:, 4] - landmarks[:, 3]).norm(dim=1) / gap
    luma = (pictures * torch.tensor(LUMA, device=pictures.device)[:, None, None]).sum(1)
    red, green, blue = ((pictures[:, :, :48, :48].mean((2, 3)) + pictures[:, :, :48, -48:].mean((2, 3))) / 2).unbind(1)
    bright = (luma[:, :48, :48].mean((1, 2)) + luma[:, :48, -48:].mean((1, 2))) / 2
    busy = (luma[:, :80, :40].flatten(1).std(1) + luma[:, :80, -40:].flatten(1).std(1)) / 2
    clothes = (luma[:, -24:, :64].mean((1, 2)) + luma[:, -24:, -64:].mean((1, 2))) / 2
    cheeks = _cheeks(pictures, landmarks.detach())
    side = cheeks[:, 0].mean(1) - cheeks[:, 1].mean(1)
    colours = [red - blue, green - (red + blue) / 2, clothes, *cheeks.mean(1).unbind(1)]
    return torch.stack([turn, mouth, bright, busy, *colours, side, _light(luma, landmarks.detach())], 1)


def _cheeks(pictures: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """Average RGB of a 16 px patch between eye and mouth corner, left and right: (n, 2, 3)."""
    side = pictures.shape[-1]
    middle = ((landmarks[:, :2] + landmarks[:, 3:]) / 2).int().clamp(8, side - 8)
    patch = torch.arange(-8, 8, device=pictures.device)
    columns, rows = middle[..., 0, None, None] + patch, middle[..., 1, None, None] + patch[:, None]
    places = (rows * side + columns).flatten(1).long()
    seen = pictures.flatten(2).gather(2, places[:, None].expand(-1, 3, -1))
    return seen.unflatten(2, (2, -1)).mean(3).transpose(1, 2)


def _light(luma: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """Subtract the luma of the right half of the face, cheek and forehead, from that of the left: (n,)."""
    grid = torch.arange(luma.shape[-1], device=luma.device, dtype=luma.dtype)
    gap = (landmarks[:, 1] - landmarks[:, 0]).norm(dim=1)
    up = ((landmarks[:, 0] + landmarks[:, 1]) - (landmarks[:, 3] + landmarks[:, 4])) / 2
    halves = []
    for eye, corner in ((0, 3), (1, 4)):
        cheek = (landmarks[:, eye] + landmarks[:, corner]) / 2
        cheek = cheek + 0.2 * (cheek - landmarks[:, 2])
        weights = []
        for centre in (cheek, landmarks[:, eye] + 0.55 * up):
            x, y = ((grid - centre[:, k, None]) / (HALF_FACE_SIGMA * gap[:, None]) for k in (0, 1))
            weights.append(torch.exp(-(y[:, :, None] ** 2 + x[:, None, :] ** 2) / 2))
        weight = weights[0] + 0.5 * weights[1]
        halves.append((luma * weight).sum((1, 2)) / weight.sum((1, 2)))
    return halves[0] - halves[1]


RULE_MARGIN = {
    "turn": 0.6, "mouth": 0.5, "bright": 0.3, "busy": 0.3, "warm": 0.3, "green": 0.3, "clothes": 0.3, "light": 0.0,
    "side": 0.0,
}  # fmt: skip
"""Distance by which a loss wants a measure inside its rule, in standard deviations. Any margin for side light is too
much: guidance multiplies it until half of the face is dark."""
LOSS_RULES = (*RULES, ("lit-left", "light", 0.11, 9), ("lit-right", "light", -9, -0.11))
"""Rules as a loss applies them. Side light is asked of both halves of the face as well: with `side` alone, which looks
at two small patches, a model paints a dark patch on one cheek."""


PRESERVED = ("skin_r", "skin_g", "skin_b", "light")
"""Measures a loss holds to the target's. Without it, hard light and hot colours pass for a turned head."""


def words_for(measures: Sequence[float]) -> list[str]:
    """Return the words that hold for a picture, from its row of `measure`."""
    return [word for word, name, low, high in RULES if low < measures[NAMES.index(name)] < high]


def directions(styles: torch.Tensor, measures: np.ndarray) -> dict[str, torch.Tensor]:
    """Fit style directions that each raise a measure by one standard deviation.

    Half ridge regression, half the direction in which the styles themselves vary with its prediction.

    Args:
        styles: (n, 512).
        measures: (n, 12), of `measure`.

    Returns:
        {name of the measure: (512,)}.
    """
    x = (styles - styles.mean(0)).numpy().astype(np.float64)
    covariance, out = x.T @ x / len(x), {}
    for name, column in zip(NAMES, measures.T, strict=True):
        z = (column - column.mean()) / column.std()
        b = np.linalg.solve(x.T @ x + 300 * np.eye(x.shape[1]) * x.var(), x.T @ z)
        direction = 0.5 * b / (b @ b) + 0.5 * covariance @ b / (b @ covariance @ b)
        out[name] = torch.from_numpy(direction.astype(np.float32))
    return out


def rule_violation(measures: torch.Tensor, words: Sequence[Sequence[str]], deviations: torch.Tensor) -> torch.Tensor:
    """Sum what each of B pictures misses of its words' rules: (B,), 0 where all hold by RULE_MARGIN.

    Measures (B, 12); distances are in standard deviations (12,) of their measure.
    """
    column = [NAMES.index(name) for _, name, _, _ in LOSS_RULES]
    said = torch.tensor([[word in row for word, _, _, _ in LOSS_RULES] for row in words]).to(measures)
    low, high = (measures.new_tensor([rule[k] for rule in LOSS_RULES]) for k in (2, 3))
    unit, value = deviations[column], measures[:, column]
    room = torch.minimum(value - low, high - value) / unit
    margin = torch.minimum(
        measures.new_tensor([RULE_MARGIN[name] for _, name, _, _ in LOSS_RULES]), (high - low) / 2 / unit
    )
    return ((margin - room).clamp(min=0) * said).sum(1)


def appearance_difference(measures: torch.Tensor, target: torch.Tensor, deviations: torch.Tensor) -> torch.Tensor:
    """Average the difference in light and skin (PRESERVED) of measures (B, 12) and (B, 12): (B,), in deviations."""
    columns = [NAMES.index(name) for name in PRESERVED]
    return ((measures - target) / deviations)[:, columns].abs().mean(1)
