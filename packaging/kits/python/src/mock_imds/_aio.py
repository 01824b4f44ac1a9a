"""The same for asyncio: each call waits in a thread, and other tasks go on."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar, Union

from ._imds import Fault, Imds, Request
from ._scenario import Duration

T = TypeVar("T")


async def _in_thread(call: Callable[..., T], *words: Any, **keys: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(call, *words, **keys))


class AsyncImds:
    """The calls of an `Imds`, as coroutines."""

    def __init__(self, imds: Imds) -> None:
        self.imds = imds
        self.url = imds.url

    async def event(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        return await _in_thread(self.imds.event, event)

    async def spot(self, action: str = "terminate", **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.spot, action, **more)

    async def rebalance(self, **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.rebalance, **more)

    async def lifecycle(self, state: str, **more: Any) -> Dict[str, Any]:
        return await _in_thread(self.imds.lifecycle, state, **more)

    async def fault(self, path: Optional[str] = None, **keys: Any) -> Fault:
        return await _in_thread(self.imds.fault, path, **keys)

    async def seek(self, to: Duration) -> Dict[str, Any]:
        return await _in_thread(self.imds.clock.seek, to)

    async def use(self, scenario: Union[str, Mapping[str, Any]]) -> Dict[str, Any]:
        return await _in_thread(self.imds.use, scenario)

    async def clear(self, what: str = "all") -> None:
        await _in_thread(self.imds.clear, what)

    async def requests(self) -> List[Request]:
        return await _in_thread(self.imds.find_requests)

    async def wait_for(self, path: str, *, timeout: float = 30.0, **filters: Any) -> Request:
        return await _in_thread(self.imds.wait_for, path, timeout=timeout, **filters)
