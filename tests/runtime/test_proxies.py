"""Proxies of the environment."""

import os

import pytest

from pipelines.cli import main
from pipelines.runtime.proxies import ask_directly


def test_this_machine_is_excepted_beside_what_was() -> None:
    environment = {"NO_PROXY": "intranet.example, 10.0.0.1"}
    ask_directly("studio.example", environment=environment)
    wanted = "intranet.example,10.0.0.1,localhost,127.0.0.1,::1,studio.example"
    assert environment["NO_PROXY"] == wanted and environment["no_proxy"].startswith("localhost,")


def test_an_exception_for_everything_stays_as_it_is() -> None:
    environment = {"NO_PROXY": "*", "no_proxy": "*"}
    ask_directly("studio.example", environment=environment)
    assert environment == {"NO_PROXY": "*", "no_proxy": "*"}


def test_the_command_line_goes_on_without_a_proxy_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy.example")
    assert main(["weights"]) == 0
    assert "The proxy in ALL_PROXY is not used" in capsys.readouterr().err
    assert "ALL_PROXY" not in os.environ
