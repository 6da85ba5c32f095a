"""Arguments of the page on Ray Serve, from the environment of whoever starts it."""

from pipelines.page.server import parse
from pipelines.serve.application import from_environment


def test_without_a_word_it_is_the_built_in_engine_for_anybody() -> None:
    assert from_environment({}) == {"arguments": [], "engine": "builtin", "replicas": 2, "gpus": 0.0}


def test_password_and_address_go_along_to_the_machine_that_serves_the_page() -> None:
    named = {"PASSWORD": "--not-to-be-guessed", "ADDRESS": "https://example.org/studio", "ENGINE": "sdxl"}
    numbers = {"REPLICAS": "5", "GPUS": "0.5"}
    told = from_environment({f"HEADSHOT_{name}": value for name, value in {**named, **numbers}.items()})
    given = parse(told["arguments"])
    assert (given.password, given.root_path) == ("--not-to-be-guessed", "https://example.org/studio")
    assert (told["engine"], told["replicas"], told["gpus"]) == ("sdxl", 5, 0.5)
