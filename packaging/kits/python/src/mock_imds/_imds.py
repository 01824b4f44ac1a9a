"""A server, and what a test does with it."""

from __future__ import annotations

import base64
import contextlib
import datetime
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, ContextManager, Dict, List, Mapping, Optional, Sequence, Type, Union

from ._control import Control, ImdsError, Rejected
from ._environment import changed_environment, sdk_environment
from ._process import Process
from ._requests import PATIENCE, Request, Wait
from ._scenario import Duration, Scenario, duration, scenario_name, scenario_text

if TYPE_CHECKING:
    from ._aio import AsyncImds


class Fault:
    """A fault that was injected. As a context manager it is removed at the end."""

    def __init__(self, control: Control, answer: Mapping[str, Any]) -> None:
        self._control = control
        self.name: str = answer["name"]
        self.message: str = answer["message"]

    def remove(self) -> None:
        self._control.ask("POST", "/v1/faults/remove", {"names": [self.name]})

    @property
    def hits(self) -> int:
        """How many requests it had an effect on."""
        for fault in self._control.ask("GET", "/v1/faults"):
            if fault["name"] == self.name:
                return int(fault["hits"])
        raise ImdsError(f"there is no fault {self.name!r} any more")

    def __enter__(self) -> "Fault":
        return self

    def __exit__(self, *_: object) -> None:
        # Something else may have removed it.
        with contextlib.suppress(Rejected):
            self.remove()


class Clock:
    """The scenario's clock: events happen by it."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def seek(self, to: Duration) -> Dict[str, Any]:
        """Moves it: to "1m30s" since the load, or by "+30s" or "-30s". Numbers are seconds since the load."""
        return self._move({"seek": duration(to)})

    def pause(self) -> Dict[str, Any]:
        return self._move({"pause": True})

    def resume(self) -> Dict[str, Any]:
        return self._move({"resume": True})

    def _move(self, order: Mapping[str, Any]) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._control.ask("POST", "/v1/clock", order)
        return answer


class Imds:
    """A metadata service of one test. A context manager; else `stop()` ends it."""

    def __init__(
        self, scenario: Scenario = None, *, program: Optional[str] = None, arguments: Sequence[str] = ()
    ) -> None:
        """Starts it. `scenario` is a dict, TOML, a file, or a name of the library; the built-in instance unless given.
        `arguments` are more options of `mock-imds serve`."""
        self._process = Process(scenario, program, arguments)
        ready = self._process.ready
        self.url: str = ready["url"]
        self.control_socket: str = ready["control_socket"]
        self.pid: int = ready["pid"]
        self.instance_id: str = ready["instance_id"]
        self._control = Control(self.control_socket)
        self.clock = Clock(self._control)

    # --- its life ---

    def stop(self) -> None:
        self._process.stop()

    def __enter__(self) -> "Imds":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    @property
    def environment(self) -> Dict[str, Optional[str]]:
        """The variables that lead AWS SDKs here; None for one that must not be set."""
        return sdk_environment(self.url)

    def environ(self) -> ContextManager[None]:
        """Sets them in this process, and gives back what was there at the end."""
        return changed_environment(self.environment)

    @property
    def aio(self) -> "AsyncImds":
        """The same for asyncio."""
        from ._aio import AsyncImds

        return AsyncImds(self)

    # --- events ---

    def event(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        """Triggers an event with the keys of `[[event]]`, and `in`."""
        answer: Dict[str, Any] = self._control.ask("POST", "/v1/events", event)
        return answer

    def spot(
        self, action: str = "terminate", *, notice: Duration = "2m", in_: Optional[Duration] = None, **more: Any
    ) -> Dict[str, Any]:
        """Issues a spot interruption notice, now or after `in_`."""
        return self.event({"spot-interruption": {"action": action, "notice": duration(notice)}, **_keys(more, in_)})

    def rebalance(self, *, in_: Optional[Duration] = None, **more: Any) -> Dict[str, Any]:
        """Issues a rebalance recommendation."""
        return self.event({"rebalance-recommendation": {}, **_keys(more, in_)})

    def lifecycle(self, state: str, *, in_: Optional[Duration] = None, **more: Any) -> Dict[str, Any]:
        """Sets the target lifecycle state of an Auto Scaling group."""
        return self.event({"target-lifecycle-state": state, **_keys(more, in_)})

    def set(self, path: str, value: Union[str, bool, Mapping[str, Any]]) -> Dict[str, Any]:
        """Overrides the value of a path; False removes the path."""
        return self.event({"set": {path: value}})

    def unset(self, *paths: str) -> Dict[str, Any]:
        """Removes overrides."""
        return self.event({"unset": list(paths)})

    # --- faults ---

    def fault(self, path: Optional[str] = None, *, in_: Optional[Duration] = None, **keys: Any) -> Fault:
        """Injects a fault with the keys of `[[fault]]`, as `status=503`, `latency="1s"`, `for_="30s"`."""
        body = _keys(keys, in_)
        if path is not None:
            body["path"] = path
        return Fault(self._control, self._control.ask("POST", "/v1/faults", body))

    def clear(self, what: str = "all") -> None:
        """Takes back what was ordered: "all", "faults" or "pending"."""
        self._control.ask("POST", "/v1/clear", {"what": what})

    # --- scenario ---

    def use(self, scenario: Union[str, "os.PathLike[str]", Mapping[str, Any]]) -> Dict[str, Any]:
        """Switches to another scenario: a dict, TOML, a file, or a name of the library."""
        named = scenario_name(scenario)
        order = {"content": {"text": scenario_text(scenario)}} if named is None else {"scenario": named}
        answer: Dict[str, Any] = self._control.ask("POST", "/v1/use", order)
        return answer

    def reload(self, *, keep: bool = False) -> Dict[str, Any]:
        """Returns to the scenario of the start; `keep` leaves the clock and what was ordered."""
        answer: Dict[str, Any] = self._control.ask("POST", "/v1/reload", {"keep": keep})
        return answer

    # --- what is served, and who asked ---

    @property
    def status(self) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._control.ask("GET", "/v1/status")
        return answer

    def show(self, path: str) -> Optional[bytes]:
        """What the service answers at a path; None if that is not 200. It leaves no request."""
        shown = self._control.ask("GET", "/v1/show", query={"path": path})
        if shown["status"] != 200:
            return None
        return base64.b64decode(shown["base64"]) if "base64" in shown else shown["body"].encode()

    @property
    def requests(self) -> List[Request]:
        """The requests of clients, the oldest first."""
        return self.find_requests()

    def find_requests(self, path: Optional[str] = None, **filters: Any) -> List[Request]:
        """Those that fit: `path`, in which * and ** stand for parts, `status`, `method`, `v`, `client`."""
        return self._found(self._control, path, **filters)

    def requests_of_failed_test(self) -> List[Request]:
        """All of them, or an `ImdsError` within a few seconds: the server may be why the test failed."""
        return self._found(self._control.within(PATIENCE))

    def requests_or_why_not(self) -> "Union[List[Request], ImdsError]":
        """For the message of a wait that failed: nothing replaces it."""
        try:
            return self.requests_of_failed_test()
        except ImdsError as error:
            return error

    @staticmethod
    def _found(control: Control, path: Optional[str] = None, **filters: Any) -> List[Request]:
        found = control.ask("GET", "/v1/requests", query={"path": path, **filters})
        return [Request._of(entry) for entry in found if "number" in entry]

    def wait_for(self, path: str, *, timeout: float = 30.0, **filters: Any) -> Request:
        """Waits for a request for a path, and gives the first one. One that has come already counts: with `status=200`
        only one that found something there. `timeout` is in seconds; then it raises `NoRequest`."""
        wait = Wait(path, timeout, filters)
        while True:
            query = wait.query()
            control = self._control.within(wait.longest)
            request = wait.first(*control.ask_with_position("GET", "/v1/requests", query=query))
            if request:
                return request
            if wait.is_over:
                raise wait.failure(self.requests_or_why_not())

    def log(self) -> str:
        """What the server has written to stderr."""
        return self._process.log()


def _keys(words: Mapping[str, Any], in_: Optional[Duration]) -> Dict[str, Any]:
    """Python's words as TOML's keys: `for_` is `for`, `clock_skew` is `clock-skew`."""
    keys = {name.rstrip("_").replace("_", "-"): value for name, value in words.items() if value is not None}
    for name, value in keys.items():
        if name == "for" or isinstance(value, datetime.timedelta):
            keys[name] = duration(value)
    if in_ is not None:
        keys["in"] = duration(in_)
    return keys
