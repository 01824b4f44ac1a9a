"""The requests that came, and the wait for one."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from ._control import ImdsError

# The server waits no longer in one answer.
_LONGEST_WAIT = 60.0
_SHOWN = 20
# Seconds: a test that failed waits no longer for the requests that it shows, and no wait for an answer that is late.
PATIENCE = 5.0


class NoRequest(AssertionError):
    """No such request came in time."""


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that a client sent."""

    number: int
    method: str
    path: str
    # The status of the reply; None if there was none.
    status: Optional[int]
    # "v1", "v2", or "token" for one that asks for a token.
    version: str
    client: str
    at: str
    # All keys that the server has of it.
    raw: Mapping[str, Any] = dataclasses.field(repr=False, compare=False)

    @classmethod
    def _of(cls, raw: Mapping[str, Any]) -> "Request":
        known = ("number", "method", "path", "status", "version", "client", "at")
        return cls(raw=raw, **{name: raw[name] for name in known})

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} ({self.version})"


class Wait:
    """What is asked, and how often, until a request comes."""

    def __init__(self, path: str, timeout: float, filters: Mapping[str, Any]) -> None:
        self._path, self._timeout, self._filters = path, timeout, filters
        self._deadline = time.monotonic() + timeout
        self._since = "start"
        self.is_over = False
        # Seconds that the next answer may take: a server that hangs keeps nobody longer.
        self.longest = PATIENCE

    def query(self) -> Dict[str, Any]:
        left = max(0.0, self._deadline - time.monotonic())
        self.is_over = left == 0.0
        wait = min(left, _LONGEST_WAIT)
        self.longest = wait + PATIENCE
        return {"path": self._path, **self._filters, "since": self._since, "limit": 1, "wait": f"{wait:.3f}"}

    def first(self, found: Sequence[Mapping[str, Any]], since: str) -> Optional[Request]:
        self._since = since
        return next((Request._of(entry) for entry in found if "number" in entry), None)

    def failure(self, came: Union[Sequence[Request], ImdsError]) -> NoRequest:
        if isinstance(came, ImdsError):
            known = f"what came is not known: {came}"
        else:
            shown = "".join(f"\n  {request}" for request in came[-_SHOWN:]) or " none"
            known = f"{len(came)} came, the last ones:{shown}"
        wanted = "".join(f", {name}={value}" for name, value in self._filters.items())
        return NoRequest(f"no request for {self._path}{wanted} within {self._timeout:g} s; {known}")
