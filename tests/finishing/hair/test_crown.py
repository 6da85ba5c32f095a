"""Crowns that were carried on beyond the drawn picture."""

import numpy as np

from pipelines.finishing.hair.crown import RAYS, even_crown

SIDE = 400
MIDDLE = (200.0, 200.0)
TOP = 115  # number of the direction that is upright


def test_a_crown_loses_its_shelf_and_its_gap() -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    cover = (255 * (np.hypot(rows - 200, columns - 200) < 150)).astype(np.uint8)
    whole = cover.copy()
    cover[36:52, 190:206] = 255  # stands out
    cover[75:90, 140:152] = 0  # a gap, in which light shines
    colour = np.full((SIDE, SIDE, 3), 40, np.uint8)
    colour[75:90, 140:152] = 200
    even_crown(colour, cover, np.zeros(RAYS, bool), (200.0, 200.0), 200.0)
    assert cover[36:44, 192:204].max() < 40 and cover[77:88, 142:150].min() > 200
    assert colour[77:88, 142:150].max() < 90
    assert np.array_equal(cover[210:], whole[210:])


def ragged_crown(smooth: int) -> np.ndarray:
    """Cover of hair with teeth all around but within so many degrees of upright."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    angle = np.degrees(np.arctan2(columns - 200, 200 - rows))
    reach = 150 + 5 * np.sign(np.sin(np.radians(angle * 60))) * (np.abs(angle) > smooth)
    return (255 * (np.hypot(rows - 200, columns - 200) < reach)).astype(np.uint8)


def edge(cover: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Distance of the hair's edge from the middle in each direction, pixels."""
    away = np.arange(100, 180)
    x = np.rint(200 + np.sin(np.radians(degrees))[:, None] * away).astype(int)
    y = np.rint(200 - np.cos(np.radians(degrees))[:, None] * away).astype(int)
    return (cover[y, x] > 128).sum(1) + 100


def test_what_was_carried_on_has_the_edge_of_the_hair_beside_it() -> None:
    cover = ragged_crown(smooth=25)
    colour = np.full((SIDE, SIDE, 3), 40, np.uint8)
    upright = np.arange(-16, 17, 0.5)
    assert np.ptp(edge(cover, upright)) <= 2
    alone = cover.copy()
    even_crown(colour.copy(), alone, np.zeros(RAYS, bool), MIDDLE, 200.0)
    assert np.ptp(edge(alone, upright)) <= 3
    cut = np.zeros(RAYS, bool)
    cut[TOP - 20 : TOP + 21] = True
    even_crown(colour, cover, cut, MIDDLE, 200.0)
    assert np.ptp(edge(cover, upright)) >= 4
    assert abs(edge(cover, upright).mean() - 150) < 4
    inside = np.hypot(*(np.mgrid[0:SIDE, 0:SIDE] - 200)) < 130
    assert cover[inside].min() == 255


def test_hair_that_is_cut_all_over_has_no_example_and_stays() -> None:
    cover = ragged_crown(smooth=180)
    colour = np.full((SIDE, SIDE, 3), 40, np.uint8)
    even, all_over = cover.copy(), cover.copy()
    even_crown(colour.copy(), even, np.zeros(RAYS, bool), MIDDLE, 200.0)
    even_crown(colour.copy(), all_over, np.ones(RAYS, bool), MIDDLE, 200.0)
    assert np.array_equal(even, all_over)
