"""Casework at the desk: alerts as the people on call see them, the evidence, and their decisions."""
