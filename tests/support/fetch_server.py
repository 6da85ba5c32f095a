"""Page's server whose engine "sd15" is a tiny one, which the hub at HF_ENDPOINT has; its studio draws nothing.

`python -m tests.support.fetch_server [options of app.py]`
"""

import os
import sys
from types import MappingProxyType

from pipelines import engine_table, weight_table
from tests.support.published_engine import engine_row, face_rows

if __name__ == "__main__":
    engine_table.ENGINES = MappingProxyType({**engine_table.ENGINES, "sd15": engine_row()})
    weight_table.FACE_MODELS = {**weight_table.FACE_MODELS, **face_rows(os.environ["HF_ENDPOINT"])}
    weight_table.HUB_FILES = {}
    # Only now: whoever is imported keeps the tables that are there then.
    import app
    from pipelines.page import server
    from pipelines.studio import Studio
    from tests.support.page_server import IdleStudio

    studio: object = Studio
    studio.load = lambda engine: IdleStudio()  # type: ignore[attr-defined]
    sys.exit(server.serve(None, app.build_page))
