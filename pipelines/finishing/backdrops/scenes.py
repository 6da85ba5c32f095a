"""The backdrops that show a place: painted roughly, light included, and put out of focus. Called by `backdrops`."""

import numpy as np

from pipelines.finishing.backdrops.canvas import Canvas, colour

BOOKS = ("#5a2420", "#7a3b2a", "#2f3d2c", "#26364f", "#6d5a3a", "#8c7a58", "#3b2a20", "#4d1f2b", "#a89a7c", "#394a4d")
LEAVES = ("#2f4a1e", "#3f6128", "#567c33", "#6f9440", "#88a94f", "#243a1c", "#9fb866", "#4a6b35")


def office(canvas: Canvas) -> None:
    """Daylight through a tall window on the left, a desk, a screen, a plant, lamps under the ceiling."""
    canvas.fade("#b9b7b2", "#8f8a84")
    canvas.box(0, 0, 1, 0.1, colour("#d3d2ce"))
    for x in (0.5, 0.72, 0.94):
        canvas.shape([(x, 0.03), (x + 0.12, 0.03), (x + 0.09, 0.075), (x - 0.01, 0.075)], colour("#fff3dd", 2.2))
    canvas.box(0, 0.08, 0.4, 0.68, colour("#eaf2fb", 1.7))  # the window, and a town far away in it
    for left, top, right in (
        (0.0, 0.42, 0.08),
        (0.07, 0.34, 0.15),
        (0.16, 0.47, 0.27),
        (0.26, 0.39, 0.33),
        (0.33, 0.5, 0.4),
    ):
        canvas.box(left, top, right, 0.68, colour("#aebfce", 1.1))
    for x in (0.0, 0.13, 0.265, 0.4):
        canvas.box(x - 0.009, 0.08, x + 0.009, 0.7, colour("#565b60"))
    canvas.box(0, 0.3, 0.4, 0.313, colour("#565b60"))
    canvas.box(0.6, 0.14, 0.84, 0.72, colour("#7d7f80"))  # a glass door with the corridor behind it
    canvas.box(0.62, 0.16, 0.82, 0.72, colour("#c4cdd2"))
    canvas.box(0.72, 0.16, 0.75, 0.72, colour("#8d979d"))
    canvas.box(0.88, 0.28, 1.0, 0.48, colour("#3c5568"))  # a picture on the wall
    canvas.box(0, 0.74, 1, 1, colour("#54473b"))
    canvas.box(0, 0.72, 1, 0.77, colour("#a07d58"))
    canvas.box(0.66, 0.5, 0.9, 0.69, colour("#22272c"))
    canvas.box(0.672, 0.515, 0.888, 0.675, colour("#6f93ad"))
    for _ in range(40):
        x, y = 0.48 + canvas.random.normal(0, 0.045), 0.55 + canvas.random.normal(0, 0.07)
        canvas.blob(x, y, 0.035, 0.012, colour(canvas.random.choice(LEAVES)), canvas.random.uniform(0, 180))
    canvas.box(0.455, 0.64, 0.51, 0.73, colour("#d8d2c8"))
    canvas.glow(0.2, 0.35, 0.55, colour("#dfeaf5", 0.22))
    canvas.defocus(0.034)


def library(canvas: Canvas) -> None:
    """Shelves of old books in the light of a reading lamp."""
    canvas.finer(512)
    canvas.pixels[:] = colour("#1d120b")
    row = 0.185
    for y in np.arange(-0.06, 1, row):
        x = -0.01
        while x < 1:
            width = canvas.random.uniform(0.012, 0.034)
            if canvas.random.random() > 0.06:  # or a gap
                top = y + canvas.random.uniform(0.02, 0.055)
                spine = colour(canvas.random.choice(BOOKS), canvas.random.uniform(0.7, 1.3))
                lean = canvas.random.normal(0, 0.002)
                canvas.shape(
                    [(x + lean, top), (x + width + lean, top), (x + width, y + row), (x, y + row)], spine * 0.75
                )
                canvas.box(x + width * 0.2, top, x + width * 0.75, y + row, spine)
                for band in canvas.random.uniform(top + 0.01, y + row - 0.02, 2):
                    canvas.box(x, band, x + width, band + 0.006, colour("#b08d4a", canvas.random.uniform(0.3, 1)))
            x += width
        canvas.box(0, y + row - 0.012, 1, y + row + 0.012, colour("#5f3f26"))
    for x in (0.02, 0.5, 0.98):
        canvas.box(x - 0.014, 0, x + 0.014, 1, colour("#6b472b"))
    far = np.hypot(canvas.x - 0.72, canvas.y - 0.3)
    canvas.pixels *= (0.4 + 1.5 * np.exp(-((far / 0.5) ** 2)))[..., None] * colour("#ffe3bd")
    canvas.defocus(0.016)
    canvas.glow(0.9, 0.2, 0.16, colour("#ffc67a", 0.35))


def outdoor(canvas: Canvas) -> None:
    """Trees in the sun, far behind: leaves become patches, gaps of sky become discs."""
    canvas.fade("#a9bf7c", "#3d5528")
    for size, count in ((0.12, 60), (0.06, 220), (0.03, 420)):
        for _ in range(count):
            x, y = canvas.random.uniform(-0.05, 1.05, 2)
            leaf = colour(canvas.random.choice(LEAVES), canvas.random.uniform(0.35, 1.5) * (1.35 - 0.7 * y))
            canvas.blob(x, y, size, size * 0.6, leaf, canvas.random.uniform(0, 180))
    canvas.box(0.08, 0.2, 0.13, 0.85, colour("#33291d"))
    canvas.box(0.83, 0.1, 0.9, 0.8, colour("#2a2219"))
    canvas.shape([(0, 0.86), (1, 0.8), (1, 1), (0, 1)], colour("#7c9347"))
    canvas.defocus(0.05)
    for _ in range(70):
        x, y = canvas.random.uniform(0, 1), abs(canvas.random.normal(0, 0.33))
        shine = canvas.random.uniform(0.03, 0.3)
        canvas.disc(x, y, canvas.random.uniform(0.014, 0.032), colour("#eef5bd", shine))
    canvas.glow(0.2, 0.05, 0.55, colour("#fff0c0", 0.35))


def stage(canvas: Canvas) -> None:
    """A dark hall with beams in the haze and lamps far away."""
    canvas.fade("#0b0d18", "#120a12")
    for x, towards, tint in (
        (0.12, 0.3, "#3d62c4"),
        (0.36, 0.22, "#7a4fc0"),
        (0.66, 0.8, "#3d62c4"),
        (0.9, 0.7, "#c77a3a"),
    ):
        middle = x + (towards - x) * canvas.y
        width = 0.018 + 0.11 * canvas.y
        canvas.add(colour(tint, 0.55), np.exp(-(((canvas.x - middle) / width) ** 2)) * (1 - 0.75 * canvas.y))
    canvas.defocus(0.02)
    for x, tint in ((0.12, "#bcd0ff"), (0.36, "#dcc4ff"), (0.66, "#bcd0ff"), (0.9, "#ffd9a8")):
        canvas.disc(x, 0.03, 0.035, colour(tint, 0.9))
        canvas.glow(x, 0.03, 0.12, colour(tint, 0.25))
    for _ in range(26):
        x, y = canvas.random.uniform(0, 1), canvas.random.normal(0.72, 0.06)
        tint = canvas.random.choice(["#ffb870", "#ffd9a8", "#8fb0ff"])
        canvas.disc(x, y, canvas.random.uniform(0.01, 0.02), colour(tint, canvas.random.uniform(0.04, 0.25)))
    canvas.pixels *= 1 + 0.12 * canvas.smooth_noise(0.25)[..., None]


def clinic(canvas: Canvas) -> None:
    """A bright practice: white walls, a pale green band, a window with blinds, cupboards and ceiling panels."""
    canvas.fade("#e3eaec", "#cdd8da")
    canvas.shape([(0, 0), (1, 0), (0.82, 0.16), (0.2, 0.16)], colour("#eef3f4"))
    for x in (0.3, 0.56):
        canvas.shape([(x, 0.04), (x + 0.16, 0.04), (x + 0.14, 0.1), (x + 0.02, 0.1)], colour("#ffffff", 2.0))
    canvas.box(0.0, 0.2, 0.26, 0.64, colour("#f2f9ff", 1.5))
    for y in np.arange(0.2, 0.64, 0.035):
        canvas.box(0.0, y, 0.26, y + 0.012, colour("#b7c9d2"))
    canvas.box(0.25, 0.18, 0.27, 0.66, colour("#aab7bc"))
    canvas.box(0, 0.68, 1, 0.8, colour("#9cc9c3"))
    canvas.box(0, 0.8, 1, 1, colour("#b9c4c6"))
    canvas.box(0.42, 0.24, 0.6, 0.86, colour("#c3d3d8"))  # a door
    canvas.box(0.44, 0.27, 0.58, 0.5, colour("#dcebf0"))
    for x in (0.7, 0.8, 0.9):
        canvas.box(x, 0.22, x + 0.092, 0.44, colour("#f6fafa"))
        canvas.box(x, 0.6, x + 0.092, 0.86, colour("#e8efef"))
    canvas.box(0.68, 0.575, 1, 0.6, colour("#7f9aa0"))
    for x, tall, tint in (
        (0.73, 0.06, "#4f8fa0"),
        (0.79, 0.045, "#d3e4e6"),
        (0.86, 0.07, "#73b2a6"),
        (0.94, 0.05, "#c77f6a"),
    ):
        canvas.box(x, 0.575 - tall, x + 0.028, 0.575, colour(tint))
    canvas.glow(0.1, 0.35, 0.5, colour("#eef7ff", 0.2))
    canvas.defocus(0.036)


def brick(canvas: Canvas) -> None:
    """An old brick wall a little out of focus, lit from one side."""
    canvas.finer(768)
    canvas.pixels[:] = colour("#8d8177")
    tall, long, joint = 0.058, 0.19, 0.009
    for row, y in enumerate(np.arange(-0.02, 1, tall)):
        shift = (row % 2) * long / 2 + canvas.random.normal(0, 0.004)
        ratio = canvas.h / canvas.w
        for x in np.arange(-shift, canvas.w / canvas.h, long):
            tint = colour(canvas.random.choice(["#8a4b37", "#7a4031", "#95573f", "#6c3a2e", "#a06549"]))
            nudge = canvas.random.normal(0, 0.0012, 4)
            corners = (x + nudge[0], y + nudge[1], x + long - joint + nudge[2], y + tall - joint + nudge[3])
            x0, y0, x1, y1 = corners
            canvas.box(x0 * ratio, y0, x1 * ratio, y1, tint * canvas.random.uniform(0.75, 1.2))
    canvas.pixels *= 1 + 0.1 * canvas.smooth_noise(0.02)[..., None] + 0.08 * canvas.smooth_noise(0.2)[..., None]
    canvas.defocus(0.005)
    side = canvas.x if canvas.light > 0 else 1 - canvas.x
    canvas.pixels *= (0.3 + 0.95 * side**1.2 * (1 - 0.25 * np.abs(canvas.y - 0.4)))[..., None]
