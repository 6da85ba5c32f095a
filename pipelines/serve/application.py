"""Application of Ray Serve: the page and the engines, and how many of them."""

from collections.abc import Mapping
from typing import Any

from pipelines.engine_table import engine_row
from pipelines.serve.engine import LOADER, EngineReplica

ENGINES, PAGE = "Engines", "Page"
MOST_REQUESTS = 1000
"""Requests that the page has open at once: each visitor keeps one or two streams open."""
LOOK_SECONDS, GROW_SECONDS, SHRINK_SECONDS = 1, 5, 300
"""Seconds between two looks at the line, that runs wait until an engine starts, and that one idles until it ends."""


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of `application` from HEADSHOT_ENGINE, _REPLICAS, _GPUS, _PASSWORD and _ADDRESS.

    The page's process has its machine's environment, not that of who starts it, so all of them are handed over.
    """
    told = {"--root-path": "HEADSHOT_ADDRESS", "--password": "HEADSHOT_PASSWORD"}
    return {
        "arguments": [f"{name}={environment[key]}" for name, key in told.items() if environment.get(key)],
        "engine": environment.get("HEADSHOT_ENGINE", "builtin"),
        "replicas": int(environment.get("HEADSHOT_REPLICAS", "2")),
        "gpus": float(environment.get("HEADSHOT_GPUS", "0")),
    }


def application(
    arguments: list[str],
    engine: str,
    replicas: int,
    *,
    gpus: float = 0,
    loader: str = LOADER,
    shrink_seconds: float = SHRINK_SECONDS,
) -> Any:
    """Return the application, for `serve.run`.

    Args:
        arguments: of `python app.py`, for the page.
        engine: the engine's id.
        replicas: the most engines; one is always there.
        gpus: GPUs for each engine, also a share of one; without, an engine has a core.
        loader: gives a replica its studio, as "module:function".
        shrink_seconds: time for which an engine has nothing to do until it ends, unless it is the last.
    """
    from ray import serve

    spec = engine_row(engine)
    deployment: Any = serve.deployment
    grow = {
        "min_replicas": 1,
        "max_replicas": replicas,
        "target_ongoing_requests": 1,
        "metrics_interval_s": LOOK_SECONDS,
        "look_back_period_s": GROW_SECONDS,
        "upscale_delay_s": GROW_SECONDS,
        "downscale_delay_s": shrink_seconds,
    }
    engines = deployment(EngineReplica).options(
        name=ENGINES,
        max_ongoing_requests=1,  # a studio has one engine; the others wait for the next that is free
        autoscaling_config=grow,
        ray_actor_options={"num_gpus": gpus} if gpus else {"num_cpus": 1},
    )

    def build() -> Any:
        from pipelines.serve.page import page_app
        from pipelines.serve.remote_studio import RemoteStudio

        handle = serve.get_deployment_handle(ENGINES, serve.get_replica_context().app_name)
        return page_app([*arguments, "--engine", engine], lambda: RemoteStudio(spec, handle, replicas))

    class Page:
        """The one page; Serve gives it the engines so that they belong to the same application."""

        def __init__(self, engines: Any):
            self.engines = engines

    page = deployment(serve.ingress(build)(Page)).options(
        name=PAGE, num_replicas=1, max_ongoing_requests=MOST_REQUESTS, ray_actor_options={"num_cpus": 0}
    )
    return page.bind(engines.bind(engine, loader))
