"""For unittest: a server for each test."""

from __future__ import annotations

import unittest
from typing import TYPE_CHECKING, ClassVar

from ._imds import Imds
from ._scenario import Scenario

if TYPE_CHECKING:
    _Base = unittest.TestCase
else:
    _Base = object


class ImdsMixin(_Base):
    """`class MyTest(ImdsMixin, unittest.TestCase)`: `self.imds` is there in each test, and the SDKs' variables are set."""

    imds_scenario: ClassVar[Scenario] = None
    imds: Imds

    def setUp(self) -> None:
        super().setUp()
        self.imds = Imds(self.imds_scenario)
        self.addCleanup(self.imds.stop)
        environ = self.imds.environ()
        environ.__enter__()
        self.addCleanup(environ.__exit__, None, None, None)
