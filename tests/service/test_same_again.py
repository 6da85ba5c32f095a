"""The same picture for the same wish, whatever happens on the server besides, and after it was killed."""

import hashlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.support.scorecard import Cases
from tests.support.server import Server, running_server, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

LOOKS = ("corporate", "outdoor", "editorial")
USERS = 8
BUILTIN = ["--engine", "builtin"]
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def another_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), BUILTIN) as server:
        yield server


class User:
    """A visitor with a session and a download folder of their own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.client = Client(server.url, verbose=False, analytics_enabled=False, download_files=str(folder))

    def draw(self, person: int, look: str, seed: int) -> str:
        """Digest of the picture that this person gets."""
        wish = {"look": look, "seed": seed, "count": 1, "steps": 4, "consent": True, "api_name": "/headshot"}
        report = self.client.predict([handle_file(selfie(person))], **wish)
        return hashlib.sha256(Path(report["pictures"][0]["file"]).read_bytes()).hexdigest()

    def start_drawing(self) -> None:
        """Begin a run that takes long, and come back when it draws."""
        wish = {"count": 8, "steps": 60, "consent": True, "api_name": "/headshot"}
        job = self.client.submit([handle_file(selfie(5))], **wish)
        while not any(report.get("stage") == "drawing" for report in job.outputs()):
            assert not job.done(), job.result()
            time.sleep(0.05)


@pytest.mark.scorecard("R19")
def test_a_seed_gives_the_same_picture_at_once_after_others_and_after_a_restart(
    tmp_path: Path, scorecard: Cases
) -> None:
    seeds = range(scorecard.share(180) // (3 * len(LOOKS)) or 1)
    wishes = [(1 + seed % 10, look, seed) for seed in seeds for look in LOOKS]
    with running_server(tmp_path, BUILTIN) as server:
        first = [User(server, tmp_path / "a").draw(*wish) for wish in wishes]
        between, leave = User(server, tmp_path / "b"), threading.Event()

        def others() -> None:
            while not leave.is_set():
                between.draw(7, "startup", 99)

        busy = threading.Thread(target=others)
        busy.start()
        again = [User(server, tmp_path / "c").draw(*wish) for wish in wishes]
        leave.set()
        busy.join()
    with running_server(tmp_path, BUILTIN) as server:
        restarted = [User(server, tmp_path / "d").draw(*wish) for wish in wishes]
        assert User(server, tmp_path / "d").draw(1, LOOKS[0], 12345) not in first  # another seed is another picture
    assert again == first and restarted == first
    assert len(set(first)) == len(first)


@pytest.mark.scorecard("R5")
def test_eight_people_at_once_get_their_own_pictures_as_if_alone(
    another_server: Server, tmp_path: Path, scorecard: Cases
) -> None:
    rounds = -(-scorecard.share(200) // USERS)
    wishes = [(1 + number, LOOKS[number % 3], 100 + number) for number in range(USERS)]
    users = [User(another_server, tmp_path / str(number)) for number in range(USERS)]
    alone = [user.draw(*wish) for user, wish in zip(users, wishes, strict=True)]
    assert len(set(alone)) == USERS

    def ask(number: int) -> list[str]:
        return [users[number].draw(*wishes[number]) for _ in range(rounds)]

    with ThreadPoolExecutor(USERS) as everybody:
        together = list(everybody.map(ask, range(USERS)))
    assert together == [[digest] * rounds for digest in alone]


LEAVER = """
import sys
from gradio_client import Client, handle_file
client = Client(sys.argv[1], verbose=False, analytics_enabled=False)
wish = {"count": 8, "steps": 8, "consent": True, "api_name": "/headshot"}
client.predict([handle_file(sys.argv[2])], **wish)
"""


@pytest.mark.scorecard("R9")
def test_who_leaves_in_a_run_frees_the_engine_and_leaves_no_file(
    another_server: Server, tmp_path: Path, scorecard: Cases
) -> None:
    stays = User(another_server, tmp_path / "stays")
    expected = stays.draw(6, "corporate", 11)
    stays.client.close()
    assert seconds_until_gone(another_server) < PATIENCE
    seconds = []
    for number in range(scorecard.share(50)):
        line = [sys.executable, "-c", LEAVER, another_server.url, str(selfie(5))]
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as leaves:
            while not any(path.suffix == ".png" for path in another_server.files()):
                assert leaves.poll() is None, "it has not even begun"
                time.sleep(0.05)
            time.sleep(random.Random(number).uniform(0, 1))
            leaves.kill()
        seconds.append(seconds_until_gone(another_server))
    assert median(seconds) < 5 and max(seconds) < PATIENCE  # a busy machine now and then takes longer
    began = time.monotonic()
    assert User(another_server, tmp_path / "next").draw(6, "corporate", 11) == expected
    assert time.monotonic() - began < 20


@pytest.mark.scorecard("R10")
def test_after_a_kill_the_next_start_is_ready_and_serves_nothing_old(tmp_path: Path, scorecard: Cases) -> None:
    (tmp_path / "server").mkdir()
    for number in range(scorecard.share(20)):
        with running_server(tmp_path / "server", BUILTIN) as server:
            user = User(server, tmp_path / "user")
            user.draw(1 + number % 10, "corporate", number)
            old = [path for path in server.files() if path.suffix in (".png", ".jpg")]
            assert old, "a control: without a run there would be nothing to leave"
            user.start_drawing()
            time.sleep(random.Random(number).uniform(0, 2))
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            assert any(path.exists() for path in old)
        with running_server(tmp_path / "server", BUILTIN) as server:
            assert not any(path.exists() for path in old)
            for path in old:
                answer = httpx.get(f"{server.url}gradio_api/file={path}")
                assert answer.status_code in (403, 404)


def seconds_until_gone(server: Server) -> float:
    """Seconds until a server holds no picture any more, PATIENCE at most."""
    began = time.monotonic()
    while any(path.suffix in (".png", ".jpg") for path in server.files()):
        if time.monotonic() - began > PATIENCE:
            return PATIENCE
        time.sleep(0.1)
    return time.monotonic() - began
