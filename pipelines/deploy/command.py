"""Command `python -m pipelines deploy space`: build the folder, check it, show it, and send it."""

import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipelines.argument_parser import Parser, WholeNames
from pipelines.deploy import texts
from pipelines.deploy.checks import check
from pipelines.deploy.folder import build, files, parts, size
from pipelines.deploy.hub import PLAIN_LIMIT, address, send
from pipelines.deploy.space import HARDWARE, hardware_row
from pipelines.engine_table import engine_row
from pipelines.errors import UserError

Print = Callable[[Sequence[Sequence[str]]], None]
NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def parser() -> Parser:
    """Parser of what follows `deploy space`."""
    usual, zero_gpu = next(iter(HARDWARE)), HARDWARE["zero-gpu"].engine
    line = Parser(prog="python -m pipelines deploy space", description=texts.ABOUT, formatter_class=WholeNames)
    line.add_argument("--to", metavar="OWNER/NAME", required=True, help=texts.HELP_TO)
    hardware = texts.HELP_HARDWARE.format(hardware=", ".join(HARDWARE), default=usual)
    line.add_argument("--hardware", metavar="NAME", default=usual, help=hardware)
    line.add_argument("--engine", metavar="ID", default="", help=texts.HELP_ENGINE.format(zero_gpu=zero_gpu))
    line.add_argument("--private", action="store_true", default=None, help=texts.HELP_PRIVATE)
    line.add_argument("--folder", type=Path, help=texts.HELP_FOLDER)
    line.add_argument("--dry-run", action="store_true", help=texts.HELP_DRY_RUN)
    return line


def deploy(words: Sequence[str], print_table: Print) -> None:
    """Do what follows `deploy` on the command line. Raises UserError."""
    if words[:1] != ["space"] or not words[1:]:
        raise UserError(texts.WRITE)
    given = parser().parse_args(words[1:])
    if not NAME.fullmatch(given.to):
        raise UserError(texts.BAD_NAME.format(name=given.to))
    hardware = hardware_row(given.hardware)
    engine = engine_row(given.engine).id if given.engine else hardware.engine
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        build(folder, given.hardware)
        check(folder)
        show(folder, given.hardware, print_table)
        if given.folder:
            print(texts.KEPT.format(folder=folder))
        if given.dry_run:
            print(texts.DRY)
            return
        print(texts.SENDING.format(address=address(given.to)), flush=True)
        send(folder, given.to, hardware, engine, private=given.private)
        print(texts.SENT.format(address=address(given.to)))


def show(folder: Path, hardware: str, print_table: Print) -> None:
    """Print the parts of a Space's folder, its large files, and its size."""
    print_table([texts.HEAD, *parts(folder)])
    sizes = {name: path.stat().st_size for name, path in files(folder).items()}
    large = [(name, size(number), texts.LARGE) for name, number in sizes.items() if number > PLAIN_LIMIT]
    print()
    print_table([texts.LARGE_HEAD, *large])
    print()
    print(texts.WHOLE.format(files=len(sizes), size=size(sum(sizes.values())), hardware=hardware))
