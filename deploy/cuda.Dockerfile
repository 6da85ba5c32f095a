# Headshot Studio on an NVIDIA GPU: docker build -f deploy/cuda.Dockerfile -t headshots-cuda .
# pip's PyTorch brings the CUDA libraries; the host needs NVIDIA's driver and its container toolkit.
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY packages.txt requirements.txt requirements-metrics.txt constraints.txt ./
RUN apt-get update \
    && xargs -a packages.txt apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -c constraints.txt -r requirements.txt -r requirements-metrics.txt

COPY app.py LICENSE NOTICE PRIVACY.md ./
COPY presets presets
COPY assets assets
COPY models models
COPY pipelines pipelines

RUN useradd --create-home --uid 1000 studio \
    && install -d -o studio /weights
USER 1000
# the large engines' weights, gigabytes, are fetched once into this volume
VOLUME /weights
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    HF_HOME=/weights \
    INSIGHTFACE_HOME=/weights/insightface \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    NVIDIA_VISIBLE_DEVICES=all \
    PYTHONDONTWRITEBYTECODE=1
EXPOSE 7860
HEALTHCHECK --start-period=30m --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["python", "app.py"]
