"""Terms of the rules: words in a row, as `rules.toml` writes them, and where a text holds them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from decancer_py import parse

from pipelines.misuse.words import STOP, Word

ADULT = 18  # years
ANY, YOUNG, PREFIX, OPTIONAL = "*", "#", "-", "?"
MOST_ANY = 2
"""Most words that ANY stands for."""


@dataclass(frozen=True)
class Part:
    """One place of a term: `fits` tells if a word may stand there; None for ANY."""

    fits: Callable[[Word], bool] | None
    optional: bool = False


def term(written: str) -> tuple[Part, ...]:
    """Read a term as `rules.toml` says it is written."""
    return tuple(_part(word) for word in written.replace("| ", "|").split())


def places(parts: Sequence[Part], words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Places of a term among words: at most one from each word on, to before which word."""
    for start in range(len(words)):
        end = next(_ends(parts, words, start), None)
        if end is not None:
            yield start, end


def _ends(parts: Sequence[Part], words: Sequence[Word], at: int) -> Iterator[int]:
    if not parts:
        yield at
        return
    first, rest = parts[0], parts[1:]
    if first.fits is None:
        yield from _ends(rest, words, at)
        for skipped in range(at, min(at + MOST_ANY, len(words))):
            if words[skipped].typed == STOP:
                return
            yield from _ends(rest, words, skipped + 1)
        return
    if at < len(words) and first.fits(words[at]):
        yield from _ends(rest, words, at + 1)
    if first.optional:
        yield from _ends(rest, words, at)


def _part(written: str) -> Part:
    if written == ANY:
        return Part(None)
    fitting = [_fits(choice) for choice in written.removesuffix(OPTIONAL).split("|")]
    return Part(lambda word: any(fits(word) for fits in fitting), written.endswith(OPTIONAL))


def _fits(written: str) -> Callable[[Word], bool]:
    if written == YOUNG:
        return lambda word: word.number is not None and word.number < ADULT
    if written.isdigit():
        return lambda word: word.number == int(written)
    wanted = str(parse(written.removesuffix(PREFIX)))
    if written.endswith(PREFIX):
        return lambda word: any(form.starts_with(wanted) for form in word.forms)
    return lambda word: any(form == wanted for form in word.forms) and not word.typed.isdigit()
