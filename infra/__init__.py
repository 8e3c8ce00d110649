"""Builds the package and its template, and runs them: here, in tests, and on AWS."""
