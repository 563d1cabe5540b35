"""What the chat bots share: the conversation as pure functions, their small database, and the gateway's client.

A bot of a messenger adds how an update is read (`Event`), how a reply is sent (`Channel`), and its addresses.
"""
