"""Early end of a run that has made some of its pictures: they are kept, with a sentence that says why they are few."""

from pipelines.errors import Cancelled
from pipelines.language.sentence import Sentence
from pipelines.runtime.incident import sentence_of
from pipelines.runtime.memory import NO_MEMORY, clear_frames, free_memory, is_out_of_memory

ENDED_EARLY = Sentence("The run ended before its other pictures were made. {reason}")


def ended_early(error: Exception, advice: str) -> tuple[Sentence, ...]:
    """Return the warning for the pictures of a run that an error ended, none if the person did.

    The error forgets the local variables of where it was. `advice` says what to do after running out of memory.
    """
    if isinstance(error, Cancelled):
        return ()
    no_memory = is_out_of_memory(error)
    reason = NO_MEMORY.format(advice=advice) if no_memory else sentence_of(error)
    clear_frames(error)
    if no_memory:
        free_memory()
    return (ENDED_EARLY.format(reason=reason),)


def why_early(warnings: tuple[str, ...]) -> str:
    """Return the warning that says why a run ended early; empty if it did not."""
    early = (warning for warning in warnings if getattr(warning, "template", None) == ENDED_EARLY.template)
    return next(early, "")
