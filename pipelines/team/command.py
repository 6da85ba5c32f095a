"""The command `headshots team people.csv --out out/`."""

import argparse
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.argument_parser import Parser, WholeNames
from pipelines.engine_table import ENGINES, engine_row
from pipelines.errors import UserError
from pipelines.settings import AUTO
from pipelines.team import texts
from pipelines.team.capacity import MOST_WORKERS, devices, threads
from pipelines.team.naming import SCHEME, Scheme
from pipelines.team.outcome import Outcome
from pipelines.team.places import LOCK, WORKING, LocalPlace, place_at
from pipelines.team.progress import Progress
from pipelines.team.report import Report
from pipelines.team.table import read_table
from pipelines.team.tasks import COLUMNS, SETTING_NAMES, Refusal, Task, read, tasks_of
from pipelines.team.workers import Duty, outcomes

BUILTIN = "builtin"
LOADER = "pipelines.studio:Studio.load"


def parser() -> Parser:
    """Parser of the command: the table, and every setting for the rows that do not name it."""
    line = Parser(
        prog="python -m pipelines team",
        formatter_class=WholeNames,
        description=texts.ABOUT,
        epilog=texts.COLUMNS,
        argument_default=argparse.SUPPRESS,
    )
    line.add_argument("table", type=Path, metavar="TABLE", help=texts.HELP_TABLE)
    line.add_argument("--out", required=True, metavar="FOLDER", help=texts.HELP_OUT)
    line.add_argument("--workers", default="", metavar="N", help=texts.HELP_WORKERS)
    line.add_argument("--naming", default=SCHEME, metavar="SCHEME", help=texts.HELP_NAMING.format(default=SCHEME))
    line.add_argument("--ray", default=None, metavar="ADDRESS", help=texts.HELP_RAY)
    line.add_argument("--replace", action="store_true", default=False, help=texts.HELP_REPLACE)
    for name in SETTING_NAMES:
        line.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=texts.HELP_SETTING)
    return line


def main(words: Sequence[str], loader: str = LOADER) -> None:
    """Run the command. Raises UserError for what concerns the whole table, KeyboardInterrupt after Ctrl-C.

    `loader` names the function that gives a worker its studio, as "module:function".
    """
    given = vars(parser().parse_args(words))
    file, out, scheme = given.pop("table"), given.pop("out"), Scheme(text=given.pop("naming"))
    workers, again, ray = _workers(given.pop("workers")), given.pop("replace"), given.pop("ray")
    defaults = {name: read(name, value) for name, value in given.items()}

    table = read_table(file)
    unused = table.require(COLUMNS, scheme.names(table.columns))
    if unused:
        print(texts.UNUSED_COLUMNS.format(columns=", ".join(unused)), file=sys.stderr)
    rows = list(tasks_of(table, defaults, scheme))
    tasks = [row for row in rows if isinstance(row, Task)]
    refusals = [row for row in rows if isinstance(row, Refusal)]
    place = place_at(out)
    with _alone(place), ExitStack() as stack:
        counts = Progress(total=len(rows), refused=len(refusals))
        stack.callback(counts.close)
        site = stack.enter_context(_cluster(ray)) if ray and tasks else None
        try:
            duty = Duty(out=out, replace=again, studio=loader, engine=defaults.get("engine") or AUTO)
            ends = _here(tasks, duty, workers) if site is None else _on_ray(site, tasks, duty, workers)
            with closing(ends):
                refusals += _refused(ends, counts, {task.number: task for task in tasks})
        except KeyboardInterrupt:
            print(texts.STOPPED.format(done=counts.made + counts.kept), file=sys.stderr)
            raise
        report = Report(place=place, table=table, tasks=tasks, refusals=sorted(refusals, key=lambda one: one.number))
        if site is None:
            report.write()
        else:
            site.get(site.remote(num_cpus=0)(_write).remote(report))  # where the pictures are
    numbers = {"made": counts.made, "kept": counts.kept, "refused": len(refusals)}
    print(texts.SUMMARY.format(**numbers, report=f"{out.rstrip('/')}/{report.file_name()}"))
    if refusals:
        print(texts.SEND_BACK.format(list=f"{out.rstrip('/')}/{report.list_name}"))


def _here(tasks: Sequence[Task], duty: Duty, workers: int | None) -> Generator[Outcome, None, None]:
    """Do the rows with processes of this machine."""
    if tasks:
        spec = _spec(duty.engine)
        _fetch(spec.id, tasks)
        where = devices(spec, len(tasks), workers)
        yield from outcomes(tasks, replace(duty, engine=spec.id, threads=threads(len(where))), where)


def _cluster(address: str) -> Any:
    from pipelines.team.ray_workers import cluster

    return cluster(address)


def _on_ray(site: Any, tasks: Sequence[Task], duty: Duty, workers: int | None) -> Generator[Outcome, None, None]:
    """Do the rows on a Ray cluster, whose machines choose the engine for themselves unless one is named."""
    from pipelines.team.ray_workers import outcomes_on_ray

    gpu = duty.engine != BUILTIN and site.cluster_resources().get("GPU", 0) > 0
    out = duty.out if "://" in duty.out else str(Path(duty.out).resolve())
    return outcomes_on_ray(tasks, replace(duty, out=out), gpu=gpu, most=workers)


def _write(report: Report) -> None:
    report.write()


def _refused(ends: Iterator[Outcome], counts: Progress, tasks: dict[int, Task]) -> list[Refusal]:
    """Count all outcomes, and return the refusals. Raises UserError for one that holds for every other row."""
    found = []
    for end in ends:
        if end.fatal:
            raise UserError(end.reason)
        counts.add(end)
        if end.state == "refused":
            found.append(Refusal(number=end.number, name=tasks[end.number].name, reason=end.reason))
    return found


def _spec(engine: str) -> Any:
    if engine != AUTO:
        return engine_row(engine)
    from pipelines.engines.auto import choose_engine  # only now: this imports torch

    return ENGINES[choose_engine()[0]]


def _fetch(engine: str, tasks: Sequence[Task]) -> None:
    """Fetch what is missing of all engines before the workers come, which would fetch it all at once."""
    from pipelines.weights.fetch import fetch_missing

    for name in {engine, *(task.settings.get("engine") or engine for task in tasks)}:
        fetch_missing(engine_row(name))


def _workers(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise UserError(texts.BAD_WORKERS.format(most=MOST_WORKERS))
    return int(text)


@contextmanager
def _alone(place: Any) -> Iterator[None]:
    """Keep other runs out of a folder, and clear away what killed ones left."""
    if not isinstance(place, LocalPlace):
        yield
        return
    from filelock import FileLock, Timeout

    working = place.root / WORKING
    try:
        place.root.mkdir(parents=True, exist_ok=True)
        working.mkdir(exist_ok=True)
        with FileLock(working / LOCK, timeout=0, mode=0o600):
            place.clear()
            yield
            place.clear()
    except Timeout:
        raise UserError(texts.RUNNING) from None
    except OSError as error:
        raise UserError(texts.NO_FOLDER.format(reason=error.strerror)) from error
