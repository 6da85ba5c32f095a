from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client

from tests.support.server import Server, shared_server


@pytest.fixture(scope="session")
def server() -> Server:
    return shared_server()


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Iterator[Callable[[], Client]]:
    """Make clients, each a session of its own with a download folder of their own."""
    clients: list[Client] = []

    def make() -> Client:
        folder = tmp_path / f"downloads-{len(clients)}"
        clients.append(Client(server.url, verbose=False, analytics_enabled=False, download_files=str(folder)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[[], Client]) -> Client:
    return connect()
