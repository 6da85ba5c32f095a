"""What can be measured on an aligned 256 px picture, the words that follow, and the style directions that change it."""

import numpy as np
import torch

NAMES = ("turn", "mouth", "bright", "busy", "warm", "green", "clothes", "skin_r", "skin_g", "skin_b", "side")
"""Columns of `measure`."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)

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
"""(word, measure, above, below): the word holds for a picture whose measure lies between."""


def measure(pictures: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """What stands in a picture: pictures (n, 256, 256, 3) RGB in [0, 1], landmarks (n, 5, 2) pixels -> (n, 11) float32.

    turn: nose from the middle of the eyes, along their line, in eye distances, right positive; mouth: its width in eye
    distances; bright, warm, green: of the upper corners (luma, red - blue, green - mean of both); busy: deviation of
    luma at the sides; clothes: luma of the lower corners; skin_*: mean of the cheeks; side: left minus right cheek.
    """
    luma, eyes = pictures @ LUMA, (landmarks[:, 0] + landmarks[:, 1]) / 2
    axis = landmarks[:, 1] - landmarks[:, 0]
    gap = np.linalg.norm(axis, axis=1)
    axis = axis / gap[:, None]
    turn = ((landmarks[:, 2] - eyes) * axis).sum(1) / gap
    mouth = np.linalg.norm(landmarks[:, 4] - landmarks[:, 3], axis=1) / gap
    n = len(pictures)
    corners = np.concatenate([pictures[:, :48, :48].reshape(n, -1, 3), pictures[:, :48, -48:].reshape(n, -1, 3)], 1)
    busy = (luma[:, :80, :40].reshape(n, -1).std(1) + luma[:, :80, -40:].reshape(n, -1).std(1)) / 2
    colour = corners.mean(1)
    clothes = np.concatenate([luma[:, -24:, :64].reshape(n, -1), luma[:, -24:, -64:].reshape(n, -1)], 1).mean(1)
    cheeks = np.array([_cheeks(p, k) for p, k in zip(pictures, landmarks, strict=True)])
    return np.column_stack(
        [
            turn, mouth, (corners @ LUMA).mean(1), busy, colour[:, 0] - colour[:, 2],
            colour[:, 1] - (colour[:, 0] + colour[:, 2]) / 2, clothes, cheeks.mean(1),
            cheeks[:, 0].mean(1) - cheeks[:, 1].mean(1),
        ]
    ).astype(np.float32)  # fmt: skip


def _cheeks(picture: np.ndarray, landmarks: np.ndarray) -> list[np.ndarray]:
    """Mean RGB of a 16 px patch between eye and mouth corner, left and right."""
    means = []
    for eye, corner in ((0, 3), (1, 4)):
        x, y = ((landmarks[eye] + landmarks[corner]) / 2).astype(int)
        means.append(picture[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8].reshape(-1, 3).mean(0))
    return means


def words_for(measures: np.ndarray) -> list[str]:
    """One row of `measure` -> the words that hold for the picture."""
    return [word for word, name, low, high in RULES if low < measures[NAMES.index(name)] < high]


def directions(styles: torch.Tensor, measures: np.ndarray) -> dict[str, torch.Tensor]:
    """Style directions: styles (n, 512), measures (n, 11) -> {name: (512,)}, each raising its measure by one deviation.

    Half ridge regression, half the direction in which the styles themselves vary with the prediction. Correlation of
    the prediction on held-out faces: turn .96, mouth .89, bright .83, busy .52, warm .75, green .65, clothes .74,
    skin .90, side .78.
    """
    x = (styles - styles.mean(0)).numpy().astype(np.float64)
    covariance, out = x.T @ x / len(x), {}
    for name, column in zip(NAMES, measures.T, strict=True):
        z = (column - column.mean()) / column.std()
        b = np.linalg.solve(x.T @ x + 300 * np.eye(x.shape[1]) * x.var(), x.T @ z)
        direction = 0.5 * b / (b @ b) + 0.5 * covariance @ b / (b @ covariance @ b)
        out[name] = torch.from_numpy(direction.astype(np.float32))
    return out
