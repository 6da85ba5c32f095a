"""Deployment: the folder of a Hugging Face Space, its checks and its upload. Entry: `pipelines.deploy.command`."""
