from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.server import Server, page_server

Serve = Callable[..., Server]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start a server that draws nothing, once for each set of arguments; `without` names the doors left out."""
    with ExitStack() as running:
        servers: dict[str, Server] = {}

        def start(*arguments: str, **told: Any) -> Server:
            key = repr((arguments, sorted(told.items())))
            if key not in servers:
                folder = tmp_path_factory.mktemp("server")
                servers[key] = running.enter_context(page_server(folder, arguments, **told))
            return servers[key]

        yield start


@pytest.fixture(scope="module")
def server(serve: Serve) -> Server:
    return serve()
