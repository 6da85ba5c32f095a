"""Language that is spoken at the moment: that of whoever asked, while they are answered; else English."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pipelines.language.catalogue import LANGUAGES, SOURCE, spoken_in

_spoken: ContextVar[str] = ContextVar("language", default=SOURCE)
LONGEST = 300
"""Characters of an Accept-Language header that are read."""


def language() -> str:
    """Return the code of the language that is spoken."""
    return _spoken.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language inside, in this thread and in those that are started from it with its context."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken(text: Any) -> Any:
    """Say a sentence, or an error by its message, in the language that is spoken; all else stays as it is."""
    return spoken_in(language(), text)


def wanted_language(accept: str) -> str:
    """Choose a language by an Accept-Language header (RFC 9110, 12.5.4): the first that is spoken here, or English."""
    from babel.core import negotiate_locale

    wishes = []
    for position, wish in enumerate(accept[:LONGEST].split(",")):
        code, _, weight = wish.strip().partition(";")
        share = _weight(weight)
        if share > 0:
            wishes.append((-share, position, code.strip()))
    return negotiate_locale([code for _, _, code in sorted(wishes)], list(LANGUAGES), sep="-") or SOURCE


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
