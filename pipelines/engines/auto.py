"""Choice of the engine that "auto" stands for on this machine."""

from pipelines.engine_table import AUTO_ORDER, ENGINES
from pipelines.engines.placement import free_gpu_gb, free_ram_gb
from pipelines.language.sentence import Sentence
from pipelines.weights.status import is_downloaded

NO_GPU = Sentence("no GPU here; the built-in engine runs on any CPU")
FITS = Sentence("{free:.0f} GB of GPU memory free and its weights are here")
TOO_LITTLE = Sentence("the larger engines' weights are not here, or too little memory is free")


def choose_engine() -> tuple[str, str]:
    """Return the id of the best engine that is downloaded and fits into the free memory, and the reason.

    The GPU may be a CUDA one or Apple's. It needs the whole engine's memory, the CPU that of the weights.
    """
    free = free_gpu_gb()
    if not free:
        return "builtin", NO_GPU
    ram = free_ram_gb()
    for engine_id in AUTO_ORDER:
        spec = ENGINES[engine_id]
        if free >= spec.memory_gb and ram >= spec.weights_gb + spec.checker_gb and is_downloaded(spec):
            return engine_id, FITS.format(free=free)
    return "builtin", TOO_LITTLE
