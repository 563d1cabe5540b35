"""The contract: event types, topics, index mappings and reference data."""
