"""A bank to test against: a service of its own, with its own books, that shares no code with the
wallet. `python -m infra.sandbox --help` says how to start it.
"""
