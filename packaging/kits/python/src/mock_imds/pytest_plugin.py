"""The fixture `imds`."""

from __future__ import annotations

from typing import Any, Generator

import pytest

from . import Imds, ImdsError, Scenario


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "imds(scenario): the scenario of the fixture imds: a dict, TOML, a file, or a name of the library"
    )


@pytest.fixture
def imds_scenario() -> Scenario:
    """The scenario of tests without the marker: override it in a conftest.py."""
    return None


@pytest.fixture
def imds(request: pytest.FixtureRequest, imds_scenario: Scenario) -> Generator[Imds, None, None]:
    """A metadata service for this test, with the variables that lead AWS SDKs to it."""
    marker = request.node.get_closest_marker("imds")
    scenario = marker.args[0] if marker and marker.args else imds_scenario
    with Imds(scenario) as server, server.environ():
        yield server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[Any]") -> Generator[None, Any, None]:
    """A failed test shows what its server was asked, and what that said."""
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("imds")
    if report.when == "call" and report.failed and isinstance(server, Imds):
        try:
            came = "\n".join(map(str, server.requests_of_failed_test())) or "none"
        except ImdsError as error:
            came = str(error)
        report.sections.append(("requests to mock-imds", came))
        report.sections.append(("log of mock-imds", server.log()))
