"""Entry of `python -m pipelines`, and of `python FOLDER/pipelines` from any other folder."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if not __package__:  # named by its folder: Python looks for modules in here, not beside
        sys.path[0] = str(Path(__file__).resolve().parent.parent)

    from pipelines.runtime.process import run_and_exit

    run_and_exit("pipelines.cli:main")
