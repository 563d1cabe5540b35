"""The dashboards: one module each, with one function that says what it shows."""
