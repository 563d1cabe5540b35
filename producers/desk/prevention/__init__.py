"""Prevention at the desk: call lists to work through, the log of warnings given, coverage of districts.

Residents' phones live in the desk's own database and nowhere else, and only until their call is done.
"""
