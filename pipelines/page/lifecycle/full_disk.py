"""Full disk: an upload that finds no room is answered with a sentence, and leaves no traceback."""

from errno import EDQUOT, ENOSPC

from starlette.requests import Request
from starlette.responses import JSONResponse

from pipelines.language.speaking import spoken
from pipelines.page import texts

INSUFFICIENT_STORAGE = 507


async def disk_full(_: Request, error: Exception) -> JSONResponse:
    """Answer a request that failed for want of room; any other error of the system stays one."""
    if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT):
        return JSONResponse({"detail": spoken(texts.DISK_FULL)}, status_code=INSUFFICIENT_STORAGE)
    raise error
