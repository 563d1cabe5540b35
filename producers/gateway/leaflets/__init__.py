"""Printable warnings: one page a scheme, for clinics, post offices and house doors, with the way to the form."""
