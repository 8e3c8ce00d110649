"""Measures what the app costs against the budget, in one run of `python -m infra.bench`."""
