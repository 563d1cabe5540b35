"""The local stack: a real Kafka and a real Elasticsearch without Docker, system Java or root."""
