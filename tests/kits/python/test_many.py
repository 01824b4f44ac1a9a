"""Twenty tests at once, each in a process of its own. Without boto3, which twenty processes take long to load."""

import urllib.request

import pytest
from mock_imds import Imds


@pytest.mark.parametrize("number", range(20))
def test_many_at_once(imds: Imds, number: int) -> None:
    imds.set("meta-data/ami-id", f"ami-{number:017x}")
    with urllib.request.urlopen(f"{imds.url}/latest/meta-data/ami-id", timeout=30) as reply:
        assert reply.read().decode() == f"ami-{number:017x}"
    assert len(imds.find_requests("meta-data/**")) == 1
