# Headshot Studio on a CPU: docker build -f deploy/cpu.Dockerfile -t headshots .
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY packages.txt requirements.txt requirements-metrics.txt constraints.txt ./
RUN apt-get update \
    && xargs -a packages.txt apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
# PyTorch's build for the CPU first: the other one brings 3 GB of CUDA
RUN pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir -c constraints.txt -r requirements.txt -r requirements-metrics.txt

COPY app.py LICENSE NOTICE PRIVACY.md ./
COPY presets presets
COPY assets assets
COPY models models
COPY pipelines pipelines

RUN useradd --create-home --uid 1000 studio
USER 1000
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONDONTWRITEBYTECODE=1 \
    HEADSHOT_ENGINE=builtin
EXPOSE 7860
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["python", "app.py"]
