"""The EC2 Instance Metadata Service in tests: each test has a mock-imds server of its own.

    from mock_imds import Imds

    with Imds("spot-idle") as imds, imds.environ():
        imds.spot()
        ...  # the program under test asks imds.url
        imds.wait_for("meta-data/spot/instance-action", status=200)

pytest users have the fixture `imds`, unittest users `ImdsMixin`, asyncio users `imds.aio`.
"""

from ._aio import AsyncClock, AsyncFault, AsyncImds
from ._control import ImdsError, Rejected
from ._imds import Clock, Fault, Imds
from ._requests import NoRequest, Request
from ._scenario import Scenario
from ._unittest import ImdsMixin

__all__ = [
    "AsyncClock",
    "AsyncFault",
    "AsyncImds",
    "Clock",
    "Fault",
    "Imds",
    "ImdsError",
    "ImdsMixin",
    "NoRequest",
    "Rejected",
    "Request",
    "Scenario",
]
