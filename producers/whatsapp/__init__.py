"""The WhatsApp bot, by the Cloud API: `python -m producers.whatsapp`.  Set up: docs/whatsapp.md."""
