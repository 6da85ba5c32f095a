"""The command line: `python -m pipelines selfie.jpg --look corporate --count 4 --seed 7 --out out/`."""

import argparse
import glob
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pipelines.argument_parser import Parser, WholeNames
from pipelines.engine_table import ENGINES
from pipelines.errors import Cancelled, UserError
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.provenance import signature
from pipelines.request import Request
from pipelines.runtime.allocator import share_one_arena
from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.process import CANCELLED, FAULT, run_and_exit
from pipelines.runtime.proxies import drop_unusable_proxies
from pipelines.settings import COUNT, FORMATS, MAX_PHOTOS, SETTINGS

if TYPE_CHECKING:
    from pipelines.picture import Picture
    from pipelines.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 after a sentence on stderr, 130 after Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    share_one_arena()
    for line in drop_unusable_proxies():
        print(line, file=sys.stderr)
    try:
        if words[:1] == ["weights"]:  # a photo of that name is ./weights
            weights(words[1:])
        elif words[:1] == ["deploy"]:
            from pipelines.deploy.command import deploy

            deploy(words[1:], print_table)
        elif words[:1] == ["team"]:
            from pipelines.team.command import main as team

            team(words[1:])
        else:
            run(parse(words))
    except (Cancelled, KeyboardInterrupt):
        if words[:1] == ["team"]:
            return CANCELLED  # it has said so
        kept = "what has arrived is kept" if words[:1] == ["weights"] else "nothing was kept"
        print(f"Cancelled; {kept}.", file=sys.stderr)
        return CANCELLED
    except UserError as error:
        print(error, file=sys.stderr)
        return FAULT
    return 0


def parser() -> Parser:
    """Parser of the command line: every setting of a Request, under the same name."""
    line = Parser(
        prog="python -m pipelines",
        formatter_class=WholeNames,
        description="Studio headshots of the person in a selfie. Use photos of yourself, or of somebody who gave "
        "permission; of adults only.",
        epilog="`python -m pipelines weights` lists the engines' weights: size, licence, where from, whether they are "
        "here. `python -m pipelines weights fetch ENGINE` downloads and verifies what is missing of an engine's; with "
        "--dry-run it only says what that is. `python -m pipelines team people.csv --out out/` makes headshots of many "
        "people. `python -m pipelines deploy space --to OWNER/NAME` puts the page on a Hugging Face Space.",
        argument_default=argparse.SUPPRESS,  # what is not given is left to the request, or to the recipe
    )
    line.add_argument("photos", nargs="*", metavar="PHOTO", help=f"1 to {MAX_PHOTOS} photos of one person")
    line.add_argument("--list-looks", action="store_true", help="print every look and leave")
    line.add_argument(
        "--check-install", action="store_true", help="check the files, say which build of PyTorch is here, and leave"
    )
    line.add_argument("--look", metavar="ID", help="the kind of headshot, see --list-looks (corporate)")
    for name, choices in FIELDS.items():
        line.add_argument(
            f"--{name.replace('_', '-')}", metavar="ID", help=f"instead of the look's: {', '.join(choices)}"
        )
    line.add_argument("--words", help="what else the picture should show")
    line.add_argument("--negative-words", metavar="WORDS", help="what it should not show")
    for name, setting in SETTINGS.items():
        default = "drawn by chance" if name == "seed" else "the engine's own"
        option = f"--{name.replace('_', '-')}"
        line.add_argument(option, type=_number, metavar="N", help=f"{setting.low} to {setting.high} ({default})")
    line.add_argument("--count", type=_number, metavar="N", help=f"how many pictures, {COUNT.low} to {COUNT.high} (4)")
    line.add_argument(
        "--face",
        dest="faces",
        action="append",
        type=_number,
        metavar="N",
        help="whose face, counted from the left, where a photo shows several; once per photo in their order, 0 to skip",
    )
    line.add_argument("--engine", metavar="ID", help=f"auto or one of: {_engines_by_use()} (auto)")
    line.add_argument("--out", metavar="FOLDER", help="where the pictures go (a private temporary folder)")
    line.add_argument("--format", metavar="NAME", help=f"{' or '.join(FORMATS)} (png)")
    line.add_argument(
        "--size", dest="sizes", action="append", metavar="ID", help="also save this size, such as linkedin"
    )
    signature.add_options(line)
    line.add_argument("--recipe", metavar="PICTURE", help="take what is not given here from a picture made earlier")
    return line


def _engines_by_use() -> str:
    """List the engines, each with whether its pictures may be used at work."""
    return ", ".join(f"{spec.id} (at work: {spec.commercial_use})" for spec in ENGINES.values())


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what follows `--` are photos, whatever their names begin with. Raises UserError."""
    end = words.index("--") if "--" in words else len(words)
    given = parser().parse_intermixed_args(words[:end])
    given.photos = [photo for name in (*vars(given).get("photos", ()), *words[end + 1 :]) for photo in _files(name)]
    return given


def _files(name: str) -> list[str]:
    """Files that a name stands for: not every console puts the files in the place of `*.jpg`. Raises UserError."""
    if not glob.has_magic(name) or Path(name).exists():
        return [name]
    if not (found := sorted(glob.glob(name))):
        raise UserError(f"There is no file like {name}. Check the folder, or name the photos one by one.")
    return found


def run(given: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    settings: dict[str, Any] = vars(given)
    if settings.pop("check_install", False):
        check_install()
        return
    if settings.pop("list_looks", False):
        print_table([("look", "title", "what it is"), *((k.id, k.title, k.description) for k in load_looks().values())])
        return
    signature.sign_from_now_on(settings.pop("c2pa_cert", None), settings.pop("c2pa_key", None))
    request = _request(**settings)

    with fast_imports():
        from pipelines.studio import Studio  # only now: what comes before is said without a wait
    studio = Studio.load(request.engine or "auto", wait=False)
    print(f"{studio.spec.title} ({studio.reason}). {studio.spec.licence}.", file=sys.stderr)
    with _bar() as show, _ctrl_c_sets(threading.Event()) as cancel:
        pictures = studio.headshots(request, on_progress=show, previews=False, cancel=cancel)
    print_pictures(pictures)


def _request(*, photos: Sequence[str] = (), recipe: str | None = None, **settings: Any) -> Request:
    if not photos:
        raise UserError("Name at least one photo: python -m pipelines selfie.jpg. Write --help to see what there is.")
    if settings.get("engine") == "auto":
        settings["engine"] = None
    settings["faces"] = [number or None for number in settings.get("faces", ())]
    if recipe is None:
        return Request(photos=photos, **settings)

    from pipelines.provenance.save import read_recipe

    return Request.from_recipe(read_recipe(recipe), photos, **settings)


def check_install() -> None:
    """Check the files that come with the project and say which build of PyTorch is here. Raises UserError."""
    from pipelines.weights.verify import verify_project_files

    load_looks()
    verify_project_files()
    with fast_imports():
        from pipelines.runtime.torch_build import torch_build
    print(torch_build())
    print("All files that come with the project are in order.")


def weights(words: Sequence[str]) -> None:
    """List what each engine needs and what of it is here, or fetch it."""
    if not words:
        from pipelines.weights.status import engine_rows, file_rows

        print_table(engine_rows())
        print()
        print_table(file_rows())
    elif len(words) >= 2 and words[0] == "fetch" and words[1] in ENGINES and words[2:] in ([], ["--dry-run"]):
        spec = ENGINES[words[1]]
        if words[2:]:
            from pipelines.weights.dry_run import missing_rows, summary

            if len(rows := missing_rows(spec)) > 1:
                print_table(rows)
            print(summary(spec))
        else:
            from pipelines.weights.fetch import fetch

            fetch(spec)
    else:
        raise UserError(
            "Write: python -m pipelines weights, to see what is here, or: python -m pipelines weights fetch ENGINE, "
            f"with one of: {', '.join(ENGINES)}; add --dry-run to see what would come, and how large it is."
        )


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on stderr; none where stderr is no terminal."""
    from tqdm import tqdm

    with tqdm(total=100, disable=None, bar_format="{desc} {bar} {percentage:3.0f} %{postfix}", leave=False) as bar:

        def show(progress: "Progress") -> None:
            bar.n = 100 * progress.done
            bar.set_description_str(_doing(progress), refresh=False)
            left = "" if progress.seconds_left is None else f", about {progress.seconds_left:.0f} s left"
            bar.set_postfix_str(left.removeprefix(", "))

        yield show


def _doing(progress: "Progress") -> str:
    if progress.place is not None:
        return f"Waiting for {progress.place} other runs"
    if progress.fetched is not None:
        return f"Fetching the engine's weights, {progress.fetched:.0%}"
    if progress.picture == 0:
        return "Loading the engine" if progress.stage == "loading" else "Looking at the photos"
    return f"Picture {progress.picture} of {progress.count}: {progress.stage}"


@contextmanager
def _ctrl_c_sets(cancel: threading.Event) -> Iterator[threading.Event]:
    """The first Ctrl-C ends the run at its next step, a second one at once."""

    def stop(*_: Any) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


def print_pictures(pictures: Sequence["Picture"]) -> None:
    """Print a line per file, then the warnings about all of them and about single ones."""
    rows = [("file", "seed", "likeness", "what it means")]
    for picture in pictures:
        likeness = picture.likeness
        cosine = "-" if likeness.cosine is None else f"{likeness.cosine:.2f}"
        rows.append((str(picture.path), str(picture.seed), cosine, likeness.verdict))
        rows += [(str(path), str(picture.seed), cosine, f"{size} size") for size, path in picture.sizes.items()]
    print_table(rows)
    for warning in dict.fromkeys(warning for picture in pictures for warning in picture.warnings):
        seeds = [str(picture.seed) for picture in pictures if warning in picture.warnings]
        about = "" if len(seeds) == len(pictures) else f"Seed {', '.join(seeds)}: "
        print(f"- {about}{warning}")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print columns of equal width; the last one is as long as it likes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


_number.__name__ = "number"  # argparse says "invalid number value"


def entry() -> NoReturn:
    """Leave the process with `main`'s exit code: the installed command `headshots`."""
    run_and_exit("pipelines.cli:main")
