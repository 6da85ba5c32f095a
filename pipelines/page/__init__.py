"""What the page and its API need besides the pipelines: temporary files, visitors, runs, HTML, endpoints."""
