"""Sentences on metrics, for whoever runs the server, in English."""

BAD_METRICS = "--metrics takes a port, such as 9464, or an address and a port, such as 0.0.0.0:9464."
METRICS_PORT_TAKEN = "{host}:{port} cannot be used for the metrics: it is taken, or it is not for you. Choose another."
NO_METRICS = (
    "--metrics needs a package that is not installed here. Install it with: pip install -c constraints.txt -r "
    "requirements-metrics.txt"
)
METRIC_RUNS = "Runs that have ended, by engine and outcome: done, cancelled, refused or failed."
METRIC_PICTURES = "Finished pictures, by engine."
METRIC_RUNS_NOW = "Runs now: waiting in the line, or running."
METRIC_RUN_SECONDS = "Seconds of runs that were done, waiting included."
METRIC_STAGE_SECONDS = "Seconds of each stage of a run; drawing, finishing and saving once for each picture."
METRIC_REFUSALS = "Refused runs and requests, by kind."
METRIC_INCIDENTS = "Errors that nobody expected."
