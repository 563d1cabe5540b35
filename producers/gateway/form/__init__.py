"""The web form for citizens: three languages, no framework, works without JavaScript; anonymous.

Server-rendered HTML answers every step.  The script of the page only keeps a draft, sends without leaving the page and
solves the proof of work when one is asked for.
"""
