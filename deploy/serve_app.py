"""The page on a Ray cluster: `serve run deploy.serve_app:app`, with HEADSHOT_* for what `python app.py` is told.

HEADSHOT_ENGINE names the engine (builtin), HEADSHOT_REPLICAS the most engines (2), HEADSHOT_GPUS how many GPUs each
has (0), HEADSHOT_PASSWORD the password, HEADSHOT_ADDRESS the address that people see.
"""

import os

from pipelines.serve.application import application, from_environment

app = application(**from_environment(os.environ))
