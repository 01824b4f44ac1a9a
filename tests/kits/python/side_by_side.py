"""Fifty servers of one user, all running until the last one is up."""

import contextlib
import statistics
import time

from mock_imds import Imds

SERVERS = 50
ROUNDS = 3


def start_times() -> "list[float]":
    """Milliseconds until each is up, beside those that are up before it."""
    with contextlib.ExitStack() as running:
        servers, took = [], []
        for _ in range(SERVERS):
            begun = time.monotonic()
            servers.append(running.enter_context(Imds()))
            took.append(1000 * (time.monotonic() - begun))
        for number, server in enumerate(servers):
            server.set("meta-data/ami-id", f"ami-{number}")
        shown = [server.show("meta-data/ami-id") for server in servers]
        assert shown == [f"ami-{number}".encode() for number in range(SERVERS)], f"each has its own value, found {shown}"
    return took


# What else this machine does only adds to it: the quietest round counts.
best = min((start_times() for _ in range(ROUNDS)), key=max)
print(
    f"NOTE of {SERVERS} servers side by side each is up in {statistics.median(best):.0f} ms, the slowest in {max(best):.0f} ms; "
    "50 ms are what they may take on an idle machine"
)
