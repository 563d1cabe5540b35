"""The HTTP gateway: the API of integrations, the web form of citizens, and the way into Kafka."""
