"""Connections of the command line to Kafka and Elasticsearch, wherever the environment says they are."""

from __future__ import annotations

from contextlib import closing

from elasticsearch import Elasticsearch
from kafka import KafkaProducer

from producers.kafka import connect
from streams.settings import from_environment


def connect_elasticsearch() -> Elasticsearch:
    """A client; also a context manager."""
    settings = from_environment()
    auth = None
    if settings.elasticsearch_user and settings.elasticsearch_password:
        auth = (settings.elasticsearch_user, settings.elasticsearch_password)
    return Elasticsearch(settings.elasticsearch, basic_auth=auth)


def connect_kafka(client_id: str) -> closing[KafkaProducer]:
    """A producer as a context manager.  Raises kafka.errors.KafkaError if Kafka is away."""
    return closing(connect(from_environment().kafka, client_id))
