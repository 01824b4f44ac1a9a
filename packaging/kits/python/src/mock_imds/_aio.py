"""The same for asyncio. What may take long, to wait for a request, needs no thread and ends with its task; the other calls are
short, and have threads of their own, so that nothing of the program under test keeps them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Generator, List, Mapping, Optional, TypeVar, Union

from ._control import Control, Rejected
from ._imds import Clock, Fault, Imds
from ._requests import Request, Wait
from ._scenario import Duration

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="mock-imds")


async def _in_thread(call: Callable[..., T], *words: Any, **keys: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, functools.partial(call, *words, **keys))


class AsyncClock:
    """The scenario's clock: events happen by it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def seek(self, to: Duration) -> Dict[str, Any]:
        return await _in_thread(self._clock.seek, to)

    async def pause(self) -> Dict[str, Any]:
        return await _in_thread(self._clock.pause)

    async def resume(self) -> Dict[str, Any]:
        return await _in_thread(self._clock.resume)


class AsyncFault:
    """A fault that was injected."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.name = fault.name
        self.message = fault.message

    async def remove(self) -> None:
        await _in_thread(self._fault.remove)

    async def hits(self) -> int:
        """How many requests it had an effect on."""
        return await _in_thread(lambda: self._fault.hits)


class _Injection:
    """A fault to be injected: by `await`, or by `async with`, which removes it at the end."""

    def __init__(self, inject: Callable[[], Fault]) -> None:
        self._inject = inject

    async def _injected(self) -> AsyncFault:
        return AsyncFault(await _in_thread(self._inject))

    def __await__(self) -> Generator[Any, None, AsyncFault]:
        return self._injected().__await__()

    async def __aenter__(self) -> AsyncFault:
        self._fault = await self._injected()
        return self._fault

    async def __aexit__(self, *_: object) -> None:
        # Something else may have removed it.
        with contextlib.suppress(Rejected):
            await self._fault.remove()


class AsyncImds:
    """The calls of an `Imds`, as coroutines."""

    def __init__(self, imds: Imds) -> None:
        self.imds = imds
        self.url = imds.url
        self.clock = AsyncClock(imds.clock)

    async def event(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        return await _in_thread(self.imds.event, event)

    async def spot(self, action: str = "terminate", **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.spot, action, **more)

    async def rebalance(self, **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.rebalance, **more)

    async def lifecycle(self, state: str, **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.lifecycle, state, **more)

    async def set(self, path: str, value: Union[str, bool, Mapping[str, Any]]) -> Dict[str, Any]:
        return await _in_thread(self.imds.set, path, value)

    async def unset(self, *paths: str) -> Dict[str, Any]:
        return await _in_thread(self.imds.unset, *paths)

    def fault(self, path: Optional[str] = None, **keys: Any) -> _Injection:
        """`await` it, or `async with` it."""
        return _Injection(functools.partial(self.imds.fault, path, **keys))

    async def clear(self, what: str = "all") -> None:
        await _in_thread(self.imds.clear, what)

    async def use(self, scenario: Union[str, "os.PathLike[str]", Mapping[str, Any]]) -> Dict[str, Any]:
        return await _in_thread(self.imds.use, scenario)

    async def reload(self, *, keep: bool = False) -> Dict[str, Any]:
        return await _in_thread(self.imds.reload, keep=keep)

    async def status(self) -> Dict[str, Any]:
        return await _in_thread(lambda: self.imds.status)

    async def show(self, path: str) -> Optional[bytes]:
        return await _in_thread(self.imds.show, path)

    async def requests(self) -> List[Request]:
        return await self.find_requests()

    async def find_requests(self, path: Optional[str] = None, **filters: Any) -> List[Request]:
        return await _in_thread(self.imds.find_requests, path, **filters)

    async def wait_for(self, path: str, *, timeout: float = 30.0, **filters: Any) -> Request:
        wait = Wait(path, timeout, filters)
        while True:
            query = wait.query()
            control = Control(self.imds.control_socket, wait.longest)
            request = wait.first(*await control.ask_in_task("/v1/requests", query))
            if request:
                return request
            if wait.is_over:
                raise wait.failure(await _in_thread(self.imds.requests_or_why_not))
