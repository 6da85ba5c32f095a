"""Deployment: the folder of a Hugging Face Space, its checks and its upload. `pipelines.deploy.command` is the entry."""
