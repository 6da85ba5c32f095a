"""Folders of this project, found from where the code lies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
PRESETS = ROOT / "presets"
ASSETS = ROOT / "assets"
