"""Server of the page: its command line, Gradio's settings, its start, and a stop that leaves nothing behind."""

import argparse
import contextlib
import io
import os
import socket
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pipelines.argument_parser import Parser
from pipelines.engine_table import ENGINES, engine_row
from pipelines.errors import UserError
from pipelines.images.decode import MAX_BYTES
from pipelines.page.doors.hosts import Hosts, is_loopback, space_host
from pipelines.page.lifecycle import texts
from pipelines.page.lifecycle.checks import check_project, check_relay, number_from_environment
from pipelines.page.lifecycle.full_disk import disk_full
from pipelines.page.lifecycle.shutdown import Stopped, StopSignals, close
from pipelines.page.observation.json_log import JsonLog, write_json_from_now_on
from pipelines.page.observation.metrics import Metrics, parse_address
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import KEEP_AT_MOST, KEEP_SECONDS, Sessions
from pipelines.paths import ROOT
from pipelines.provenance import signature
from pipelines.runtime.allocator import share_one_arena
from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.proxies import ask_directly, drop_unusable_proxies
from pipelines.settings import AUTO

if TYPE_CHECKING:
    from pipelines.page.doors.front import Front

LOCALHOST, FIRST_PORT, LAST_PORT = "127.0.0.1", 7860, 7959
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
ENGINE = "HEADSHOT_ENGINE"
PASSWORD = "HEADSHOT_PASSWORD"  # noqa: S105 - the name of an environment variable
PORT = "GRADIO_SERVER_PORT"
KEEP = "HEADSHOT_KEEP_SECONDS"
KEEP_AT_MOST_NAME = "HEADSHOT_KEEP_AT_MOST_SECONDS"
QUEUE_SIZE = 200  # events of all sessions that wait for Gradio; the studio's own queue is far shorter
FAULT = 2  # exit code
SHORTEST = 8  # characters of the password of a page on the internet


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line. Raises UserError."""
    line = Parser(prog="python app.py", description=texts.SERVER)
    on_space = "SPACE_ID" in os.environ
    host = os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0" if on_space else LOCALHOST)  # noqa: S104 - a Space is a container
    line.add_argument("--host", default=host, help=texts.HELP_HOST.format(localhost=LOCALHOST))
    line.add_argument("--port", type=int, help=texts.HELP_PORT.format(first=FIRST_PORT))
    line.add_argument(
        "--engine",
        default=os.environ.get(ENGINE, AUTO),
        help=texts.HELP_ENGINE.format(engines=", ".join(ENGINES), variable=ENGINE),
    )
    line.add_argument("--share", action="store_true", help=texts.HELP_SHARE)
    line.add_argument("--root-path", default=os.environ.get("GRADIO_ROOT_PATH", ""), help=texts.HELP_ROOT_PATH)
    line.add_argument(
        "--password", default=os.environ.get(PASSWORD), help=texts.HELP_PASSWORD.format(variable=PASSWORD)
    )
    line.add_argument("--metrics", metavar="PORT", help=texts.HELP_METRICS)
    line.add_argument("--log-json", action="store_true", help=texts.HELP_LOG_JSON)
    line.add_argument("--mcp", action="store_true", help=texts.HELP_MCP)
    signature.add_options(line)
    given = line.parse_args(arguments)
    if given.engine != AUTO:
        engine_row(given.engine)
    if given.share and not given.password:
        raise UserError(texts.SHARE_NEEDS_PASSWORD.format(variable=PASSWORD))
    given.metrics = parse_address(given.metrics) if given.metrics else None
    if given.share and len(given.password) < SHORTEST:
        raise UserError(texts.SHORT_PASSWORD.format(least=SHORTEST))
    if given.mcp and find_spec("mcp") is None:
        raise UserError(texts.NO_MCP)
    given.keep_seconds = number_from_environment(KEEP, KEEP_SECONDS)
    given.keep_at_most = number_from_environment(KEEP_AT_MOST_NAME, KEEP_AT_MOST)
    given.port = _free_port(given.host, given.port)
    return given


def _free_port(host: str, wanted: int | None) -> int:
    if wanted is None and (from_environment := os.environ.get(PORT, "")):
        if not from_environment.isdecimal():
            raise UserError(texts.NOT_A_PORT.format(variable=PORT, first=FIRST_PORT))
        wanted = int(from_environment)
    if wanted is not None and not 1 <= wanted <= 65535:
        raise UserError(texts.NO_SUCH_PORT.format(port=wanted, first=FIRST_PORT))
    for port in [wanted] if wanted is not None else range(FIRST_PORT, LAST_PORT + 1):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if isinstance(error, socket.gaierror) or error.errno == 99:
                    raise UserError(texts.NO_SUCH_ADDRESS.format(host=host)) from error
                continue
            return port
    if wanted is not None:
        raise UserError(texts.PORT_TAKEN.format(port=wanted))
    raise UserError(texts.NO_PORT_FREE.format(first=FIRST_PORT, last=LAST_PORT))


def main() -> int:
    """Run the server with the page of `app.py`, which is imported only once a start can succeed: that takes seconds."""
    return serve(None, _build_page)


def _build_page(engine: str, sessions: Sessions) -> Any:
    with fast_imports():
        app = import_module("app")
    return app.build_page(engine, sessions)


def serve(arguments: Sequence[str] | None, build_page: Callable[[str, Sessions], tuple[Any, dict[str, Any]]]) -> int:
    """Run the server until it is told to stop; return its exit code.

    `build_page(engine, sessions)` makes the page, a `gr.Blocks`, and says how it wants to look (theme, css).
    """
    try:
        share_one_arena()
        stop = StopSignals()
        given = parse(arguments)
        if given.log_json:
            write_json_from_now_on()
        for line in drop_unusable_proxies():
            print(line, file=sys.stderr)
        ask_directly(given.host)
        if given.share:
            check_relay()
        with PrivateFolder() as folder:
            check_project()
            _serve(given, folder, stop, build_page)
    except UserError as error:
        print(error, file=sys.stderr)
        return FAULT
    except Stopped:
        pass
    return 0


def _serve(given: argparse.Namespace, folder: PrivateFolder, stop: StopSignals, build_page: Callable[..., Any]) -> None:
    keep_to_ourselves(folder)
    signature.sign_from_now_on(given.c2pa_cert, given.c2pa_key)
    sessions = Sessions(folder, keep_seconds=given.keep_seconds, keep_at_most=given.keep_at_most)
    observe(given, sessions)
    sessions.alone = serves_nobody_else(given)
    demo, style = build_page(given.engine, sessions)
    stop.serving()
    hosts = given_hosts(given)
    front_of(given, hosts, sessions).install()
    with contextlib.redirect_stdout(io.StringIO()):  # Gradio's own lines about the relay
        demo.launch(**settings(given), **style)
    if given.share and not demo.share_url:
        close(demo, sessions)
        raise UserError(texts.NO_RELAY)
    print(import_module("pipelines.runtime.torch_build").torch_build())
    if given.mcp:
        print(texts.MCP_READY.format(url=demo.local_url))
    if not given.password and "SPACE_ID" not in os.environ and not is_loopback(given.host):
        print(texts.OPEN_TO_ALL.format(host=given.host, variable=PASSWORD), file=sys.stderr, flush=True)
    print(texts.READY.format(url=demo.local_url), flush=True)
    if demo.share_url:
        hosts.add(demo.share_url)
        print(texts.SHARED.format(url=demo.share_url), flush=True)
    while not stop.event.wait(1.0):
        sessions.sweep()
    close(demo, sessions)


def observe(given: argparse.Namespace, sessions: Sessions) -> None:
    """Watch over the server as the command line asks for it. Raises UserError."""
    if given.log_json:
        sessions.observers.append(JsonLog())
    if given.metrics is not None:
        host, port = given.metrics
        sessions.observers.append(metrics := Metrics())
        metrics.serve(host, port)
        print(texts.METRICS_AT.format(url=f"http://{host}:{port}/metrics"), flush=True)


def serves_nobody_else(given: argparse.Namespace) -> bool:
    """True if the command line opens the page to nobody but visitors on this computer."""
    return is_loopback(given.host) and not given.share and not given.root_path and "SPACE_ID" not in os.environ


def given_hosts(given: argparse.Namespace) -> Hosts:
    """Names that the server answers to, beside loopback's and that of its public link."""
    everywhere = given.host in EVERYWHERE
    hosts = Hosts([] if everywhere else [given.host], addresses=everywhere)
    hosts.add(given.root_path)
    if everywhere:
        hosts.add(f"http://{socket.gethostname()}")
    for name in filter(None, [os.environ.get("SPACE_HOST"), space_host(os.environ.get("SPACE_ID", ""))]):
        hosts.add(f"https://{name}")
    return hosts


def front_of(given: argparse.Namespace, hosts: Hosts, sessions: Sessions) -> "Front":
    """Make the doors of this server, which tell the sessions whose each upload is and which are still wanted."""
    from pipelines.page.doors.front import Front  # imports Gradio
    from pipelines.page.doors.silence import keep_values_out_of_the_log

    keep_values_out_of_the_log()
    front = Front(
        port=given.port,
        hosts=hosts,
        on_space="SPACE_ID" in os.environ,
        password=given.password,
        closing=sessions.closing.is_set,
        observers=sessions.observers,
        on_logout=sessions.forget_visitor,
        anothers=sessions.anothers,
        mcp=import_module("pipelines.page.mcp.endpoint").McpEndpoint if given.mcp else None,
    )
    sessions.uploads.sent, sessions.uploads.waiting = front.sent, front.places.named_files
    return front


def settings(given: argparse.Namespace) -> dict[str, Any]:
    """Arguments of Gradio's `launch`; most of them are about privacy."""
    blocked = [ROOT / name for name in ("models", "pipelines", "presets", "training", "tests", ".git", ".env")]
    return {
        "server_name": given.host,
        "server_port": given.port,
        "share": given.share,
        "prevent_thread_lock": True,
        "quiet": True,
        "show_error": False,  # our own sentences are shown all the same, because they are gr.Error
        "run_history": False,  # would keep faces in the browser
        "enable_monitoring": False,
        "footer_links": [],
        "max_file_size": MAX_BYTES,
        "blocked_paths": [str(path) for path in blocked],
        "strict_cors": True,
        "ssr_mode": False,
        "mcp_server": False,
        "pwa": False,
        "state_session_capacity": 200,
        "root_path": given.root_path,
        "app_kwargs": {"exception_handlers": {OSError: disk_full}},
    }


def keep_to_ourselves(folder: PrivateFolder) -> None:
    """Let nothing about a person leave this machine or its private folder. Call before Gradio is imported."""
    os.environ["GRADIO_TEMP_DIR"] = str(folder.path)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import safehttpx  # Gradio's; with it comes the HTTP client

    async def refuse(_hostname: str) -> str:
        raise ValueError("this server fetches nothing")

    # Gradio fetches a file that a client names by its address before it calls us; all such fetches ask this first.
    safehttpx.async_validate_url = refuse
