"""What the fixture adds to a test: pytest with and without it, in this process' environment."""

import pathlib
import subprocess
import sys
import tempfile
import time

TESTS = 20


def seconds(argument: str) -> float:
    """For tests that do nothing, the least of three runs."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "test_nothing.py")
        tests = f"import pytest\n@pytest.mark.parametrize('n', range({TESTS}))\ndef test_it({argument}): pass\n"
        file.write_text(tests)

        def run() -> float:
            start = time.monotonic()
            subprocess.run([sys.executable, "-m", "pytest", "-q", str(file)], check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - start

        return min(run() for _ in range(3))


added = (seconds("n, imds") - seconds("n")) / TESTS
print(f"NOTE the fixture imds adds {added * 1000:.0f} ms to a test; 60 ms are what it may on an idle machine")
