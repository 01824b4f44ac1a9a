"""What the fixture adds to a test: the time of tests that do nothing, with it and without, in one run of pytest."""

import pathlib
import statistics
import tempfile
from collections import defaultdict

import pytest

TESTS = 20
FILE = f"""
import pytest

@pytest.mark.parametrize("n", range({TESTS}))
def test_without(n): pass

@pytest.mark.parametrize("n", range({TESTS}))
def test_with(n, imds): pass
"""


class Durations:
    """Seconds of each test, its setup and its teardown."""

    def __init__(self) -> None:
        self.of: "dict[str, float]" = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        assert report.passed, report.longreprtext
        self.of[report.nodeid] += report.duration

    def median(self, name: str) -> float:
        durations = [seconds for node, seconds in self.of.items() if f"::{name}[" in node]
        assert len(durations) == TESTS, f"expected {TESTS} tests {name}, found {self.of}"
        return statistics.median(durations)


durations = Durations()
with tempfile.TemporaryDirectory() as directory:
    file = pathlib.Path(directory, "test_nothing.py")
    file.write_text(FILE)
    assert pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", str(file)], plugins=[durations]) == 0
added = durations.median("test_with") - durations.median("test_without")
print(f"NOTE the fixture imds adds {added * 1000:.0f} ms to a test; 60 ms are what it may on an idle machine")
