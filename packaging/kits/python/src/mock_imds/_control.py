"""HTTP over the control socket: one connection for each request."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, Mapping, Optional, Tuple
from urllib.parse import urlencode

# Longer than the server takes for any order.
_TIMEOUT = 90.0


class ImdsError(Exception):
    """The server did not start, or did not understand."""


class Rejected(ImdsError):
    """A scenario, an event or a fault was rejected; nothing has changed. The text is the server's report."""

    def __init__(self, report: str, problems: list[dict[str, Any]]) -> None:
        super().__init__(report)
        self.problems = problems


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("mock-imds", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Control:
    """The routes of one server."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Any:
        return self.ask_with_position(method, route, body, query)[0]

    def ask_with_position(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Tuple[Any, str]:
        """The answer, and where the journal of requests goes on after it."""
        status, answer, position = self.exchange(method, route, body, query)
        if status == 422:
            raise Rejected(answer["report"] or answer["message"], answer["problems"])
        if status != 200:
            raise ImdsError(answer.get("error", f"{method} {route}: {status}"))
        return answer, position

    def exchange(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Tuple[int, Any, str]:
        """The status, the answer and the position, whatever the status is."""
        asked = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        connection = _UnixConnection(self._path)
        try:
            encoded = None if body is None else json.dumps(body)
            connection.request(method, f"{route}?{asked}" if asked else route, encoded)
            response = connection.getresponse()
            read = response.read()
            is_json = response.getheader("content-type", "").startswith("application/json")
            answer = json.loads(read) if is_json else read.decode()
        except OSError as error:
            raise ImdsError(f"no server answers at {self._path}: {error}") from error
        finally:
            connection.close()
        return response.status, answer, response.getheader("journal-position", "")
