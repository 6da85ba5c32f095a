"""Version of this project, as recipes and `--version` tell it."""

__version__ = "0.1.0"
