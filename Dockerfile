# The image of Porter's services: intake, workers, sweep, dashboard (docker-compose.yml names the command of each).
# The machines that run agents have an image of their own: worker/Dockerfile.
# A newer base: `docker buildx imagetools inspect python:3.12-slim` tells its digest.
ARG BASE=python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea
FROM ${BASE}

RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 porter && install -d -o porter -g porter /data && python3 -m venv /opt/porter
ENV PATH=/opt/porter/bin:$PATH

WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY dashboard/ dashboard/
COPY emulators/ emulators/
COPY intake/ intake/
COPY jobs/ jobs/
COPY porter/ porter/
COPY store/ store/
COPY worker/ worker/
RUN pip install --no-cache-dir -c constraints.txt -e .

USER porter
ENV PORTER_DATA_DIR=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8100 8501
CMD ["porter", "--help"]
