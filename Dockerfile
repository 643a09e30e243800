# One image for the API, the worker, the migration and the Prefect server. Written with care, never run yet.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DO_NOT_TRACK=1

WORKDIR /opt/zhaodan

# PDF is laid out by Pango, and a Chinese paper needs a Chinese font; 仿宋 and 小标宋 may be mounted beside it.
RUN apt-get update && apt-get install -y --no-install-recommends \
        fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*

# The lock the tests ran with, exact versions and hashes: what was tested is what runs.
COPY requirements/ requirements/
RUN pip install --require-hashes -r requirements/lock.txt

# What runs, by name, so that no local data or virtual environment slips in.
COPY pyproject.toml prefect.yaml processes.py ./
COPY models/ models/
COPY notifications/ notifications/
COPY tasks/ tasks/
COPY flows/ flows/
COPY api/ api/
COPY demo/ demo/
COPY zhaodan/ zhaodan/
# Editable, because prefect.yaml is read from beside the packages.
RUN pip install --no-deps --no-build-isolation -e .

# Nobody needs to be root to run this; the directories exist so that a new volume belongs to the right user.
RUN useradd --system --uid 10001 --home-dir /var/lib/zhaodan zhaodan \
    && mkdir -p /var/lib/zhaodan /var/lib/prefect/ui \
    && chown -R zhaodan:zhaodan /var/lib/zhaodan /var/lib/prefect
USER zhaodan
ENV ZHAODAN_DATA_DIR=/var/lib/zhaodan \
    PREFECT_HOME=/var/lib/prefect
VOLUME /var/lib/zhaodan

EXPOSE 8000
# The port is published on loopback only (compose.yaml), so whoever forwards to it is our own reverse proxy.
CMD ["python", "-m", "uvicorn", "--factory", "api.app:create_app", "--host", "0.0.0.0", "--port", "8000", "--forwarded-allow-ips", "*"]
