"""HTTP over the control socket: one connection for each request."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
from typing import Any, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode

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
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("mock-imds", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Control:
    """The routes of one server."""

    def __init__(self, path: str, timeout: float = _TIMEOUT) -> None:
        self._path = path
        self._timeout = timeout

    def within(self, timeout: float) -> "Control":
        """The same, for who waits no longer for an answer."""
        return Control(self._path, timeout)

    async def ask_in_task(self, route: str, query: Mapping[str, Any]) -> Tuple[Any, str]:
        """As `ask_with_position`, without a thread: a task that is cancelled closes the connection."""
        asked = self._exchange_in_task(_target(route, query))
        try:
            return _judged("GET", route, *await asyncio.wait_for(asked, self._timeout))
        except asyncio.TimeoutError as error:
            raise ImdsError(f"the server at {self._path} gave no answer within {self._timeout:g} s") from error

    async def _exchange_in_task(self, target: str) -> Tuple[int, Any, str]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
            try:
                writer.write(f"GET {target} HTTP/1.1\r\nHost: mock-imds\r\nConnection: close\r\n\r\n".encode())
                received = await reader.read()
            finally:
                writer.close()
        except OSError as error:
            raise ImdsError(f"no server answers at {self._path}: {error}") from error
        response = http.client.HTTPResponse(_Received(received))  # type: ignore[arg-type]
        try:
            response.begin()
            return _understood(response)
        except http.client.HTTPException as error:
            raise ImdsError(f"no server answers at {self._path}: {error!r}") from error

    def ask(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Any:
        return self.ask_with_position(method, route, body, query)[0]

    def ask_with_position(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Tuple[Any, str]:
        """The answer, and where the journal of requests goes on after it."""
        return _judged(method, route, *self.exchange(method, route, body, query))

    def exchange(
        self, method: str, route: str, body: Any = None, query: Optional[Mapping[str, Any]] = None
    ) -> Tuple[int, Any, str]:
        """The status, the answer and the position, whatever the status is."""
        connection = _UnixConnection(self._path, self._timeout)
        try:
            encoded = None if body is None else json.dumps(body)
            connection.request(method, _target(route, query), encoded)
            return _understood(connection.getresponse())
        except OSError as error:
            raise ImdsError(f"no server answers at {self._path}: {error}") from error
        finally:
            connection.close()


class _Received:
    """What was received, as `HTTPResponse` takes it."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def _target(route: str, query: Optional[Mapping[str, Any]]) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    # A plus stands for itself there, not for a space.
    return f"{route}?{urlencode(given, quote_via=quote)}" if given else route


def _understood(response: http.client.HTTPResponse) -> Tuple[int, Any, str]:
    read = response.read()
    is_json = response.getheader("content-type", "").startswith("application/json")
    return response.status, json.loads(read) if is_json else read.decode(), response.getheader("journal-position", "")


def _judged(method: str, route: str, status: int, answer: Any, position: str) -> Tuple[Any, str]:
    if status == 422:
        raise Rejected(answer["report"] or answer["message"], answer["problems"])
    if status != 200:
        raise ImdsError(answer.get("error", f"{method} {route}: {status}"))
    return answer, position
