"""The variables that lead AWS SDKs to a server, and past everything that they would ask before it."""

from __future__ import annotations

import contextlib
import os
from typing import Dict, Iterator, Optional

_UNSET = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def sdk_environment(url: str) -> Dict[str, Optional[str]]:
    """Variables and their values; None for one that is not to be set."""
    host = "127.0.0.1"
    variables: Dict[str, Optional[str]] = {name: None for name in _UNSET}
    variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = url
    # The keys of a profile go before those of an instance.
    variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    # Clients read one of the two: where only one is set it counts for both.
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        others = os.environ.get(name) or os.environ.get(other, "")
        # A star, which stands for all hosts, does so only alone.
        is_there = others.strip() == "*" or host in others.split(",")
        variables[name] = others if is_there else ",".join(filter(None, (others, host)))
    return variables


@contextlib.contextmanager
def changed_environment(variables: Dict[str, Optional[str]]) -> Iterator[None]:
    """Sets them, and gives back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Dict[str, Optional[str]]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
