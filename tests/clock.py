"""A clock that stands still until it is moved."""


class TestClock:
    """Starts at 2026-03-01T04:00:00Z, noon in Shanghai."""

    __test__ = False

    def __init__(self, seconds: float = 1_772_337_600.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds

    def move(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        self.seconds += seconds + 60 * minutes + 3600 * hours
