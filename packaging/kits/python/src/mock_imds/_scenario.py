"""Scenarios as tests write them: a dict, TOML, a file, or a name of the library."""

from __future__ import annotations

import datetime
import json
import os
import re
from typing import Any, Mapping, Optional, Union

Scenario = Union[None, str, "os.PathLike[str]", Mapping[str, Any]]
Duration = Union[str, int, float, datetime.timedelta]

# The built-in instance. Without a name the server would read the scenario of whoever runs the tests.
_BUILT_IN = "default"


def scenario_argument(scenario: Scenario, directory: str) -> str:
    """What `--scenario` takes; a text is written to a file of the directory."""
    if scenario is None:
        return _BUILT_IN
    named = scenario_name(scenario)
    if named is not None:
        return named
    path = os.path.join(directory, "scenario.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(scenario_text(scenario))
    return path


def scenario_name(scenario: Scenario) -> Optional[str]:
    """The name of one of the library, or the absolute path of a file; None for a dict and for TOML."""
    if isinstance(scenario, os.PathLike):
        return os.path.abspath(scenario)
    if isinstance(scenario, str):
        if re.fullmatch(r"[a-z0-9-]+", scenario):
            return scenario
        if "\n" not in scenario and scenario.endswith(".toml"):
            return os.path.abspath(scenario)
    return None


def scenario_text(scenario: Scenario) -> str:
    """A scenario as TOML."""
    if isinstance(scenario, str):
        return scenario
    if not isinstance(scenario, Mapping):
        raise TypeError(f"expected a scenario as a dict, TOML, a path or a name, found {scenario!r}")
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in scenario.items())


def duration(span: Duration) -> str:
    """A duration as the server reads it; numbers are seconds."""
    if isinstance(span, datetime.timedelta):
        span = span.total_seconds()
    return span if isinstance(span, str) else f"{round(span * 1000)}ms"


def _key(key: str) -> str:
    return _value(str(key))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        # TOML's basic strings have JSON's escapes, but for those of surrogates; DEL must be escaped.
        return json.dumps(os.fspath(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, datetime.datetime):
        return json.dumps(value.isoformat())
    if isinstance(value, datetime.timedelta):
        return json.dumps(duration(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(member)}" for key, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(element) for element in value) + "]"
    raise TypeError(f"a scenario cannot hold {value!r}; accepted: str, bool, int, float, dict, list, datetime, timedelta")
