"""What the pages of the gateway and of the desk share: style, static files, headers, the choice of a language."""
