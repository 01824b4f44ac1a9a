"""The server as a child process, which never outlives this one."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from typing import Any, Optional, Sequence

from ._control import ImdsError
from ._scenario import Scenario, scenario_argument

# Seconds. A loaded machine may take its time; a server that is ready within them is not waited for longer.
_START = 30.0
# Requests that are being answered may finish so long.
_END = 1.0

# What a service manager, or the user, sets for another server.
_NOT_OURS = (
    "CONFIGURATION_DIRECTORY",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "MOCK_IMDS_NODE",
    "MOCK_IMDS_NODE_ADDRESSES",
    "NOTIFY_SOCKET",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)
# A socket's path has 107 bytes at most, and more than one is made beside it.
_LONGEST_DIRECTORY = 70


def find_program(program: Optional[str] = None) -> str:
    """The program: as given, else `MOCK_IMDS_PROGRAM`, else the one in PATH."""
    named = program or os.environ.get("MOCK_IMDS_PROGRAM")
    found = named or shutil.which("mock-imds")
    if not found:
        raise ImdsError("mock-imds is not in PATH; install it, or name the program with MOCK_IMDS_PROGRAM")
    return found


class Process:
    """A server that runs. `ready` is the line that it printed."""

    def __init__(self, scenario: Scenario, program: Optional[str], arguments: Sequence[str]) -> None:
        found = find_program(program)
        usual = tempfile.gettempdir()
        parent = usual if len(os.fsencode(usual)) <= _LONGEST_DIRECTORY else "/tmp"
        self._directory = tempfile.mkdtemp(prefix="mock-imds-", dir=parent)
        try:
            self._child = self._start(found, scenario, arguments)
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        try:
            self.ready = self._read_ready()
        except BaseException:
            self.stop()
            raise

    def _start(self, program: str, scenario: Scenario, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        command = [program, "serve", "--listen", "127.0.0.1:0", "--ready-json", "--until-stdin-closes"]
        command += ["--control", os.path.join(self._directory, "c.sock")]
        command += ["--scenario", scenario_argument(scenario, self._directory), *arguments]
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        with open(os.path.join(self._directory, "log"), "wb") as log:
            try:
                return subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
                )
            except OSError as error:
                raise ImdsError(f"{program} cannot be started: {error}") from error

    def _read_ready(self) -> "dict[str, Any]":
        output = self._child.stdout
        assert output is not None
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([output], [], [], _START)[0]:
                raise ImdsError(f"mock-imds was not ready after {_START:.0f} s; its log: {self.log()}")
            read = os.read(output.fileno(), 65536)
            if not read:
                self._child.wait()
                raise ImdsError(f"mock-imds ended with {self._child.returncode}: {self.log().strip()}")
            line += read
        ready: "dict[str, Any]" = json.loads(line)
        if ready["control_socket"] is None:
            raise ImdsError(f"mock-imds has no control socket: {self.log().strip()}")
        return ready

    def log(self) -> str:
        """What the server has written to stderr; empty once it has been stopped."""
        try:
            with open(os.path.join(self._directory, "log"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def stop(self) -> None:
        """Ends the server, and removes its files. The second signal waits for no request."""
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                stream.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self._child.wait(_END)
                break
            except subprocess.TimeoutExpired:
                self._child.send_signal(number)
        self._child.wait()
        shutil.rmtree(self._directory, ignore_errors=True)
