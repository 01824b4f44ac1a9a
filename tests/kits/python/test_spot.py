"""A spot instance's program, as its author would test it: by the fixture, with boto3 unmodified."""

import asyncio
import os
import pathlib
import signal
import time
import unittest
from datetime import timedelta
from typing import NoReturn

import boto3
import pytest
from botocore.utils import IMDSFetcher
from mock_imds import Imds, ImdsError, ImdsMixin, NoRequest, Rejected

NOTICE = "meta-data/spot/instance-action"


class Metadata(IMDSFetcher):
    """What the author's program asks with: botocore's own way to the service."""

    def get(self, path: str) -> "str | None":
        try:
            return str(self._get_request(f"/latest/{path}", None, self._fetch_metadata_token()).text)
        except self._RETRIES_EXCEEDED_ERROR_CLS:
            return None


class Worker:
    """The program under test: it stops when its instance is to be interrupted."""

    def __init__(self) -> None:
        self.metadata = Metadata(timeout=5, num_attempts=1, base_url=os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"])
        self.running = True

    def poll(self) -> None:
        notice = self.metadata.get(NOTICE)
        if notice and '"terminate"' in notice:
            self.running = False


def test_boto3_has_the_credentials_of_the_role(imds: Imds) -> None:
    credentials = boto3.Session().get_credentials()
    assert credentials is not None and credentials.method == "iam-role"
    assert credentials.get_frozen_credentials().access_key.endswith("EXAMPLE")
    assert imds.requests[0].version == "token"


def test_the_worker_stops_at_a_notice(imds: Imds) -> None:
    worker = Worker()
    worker.poll()
    assert worker.running
    assert imds.wait_for(NOTICE).status == 404

    imds.spot()
    worker.poll()
    assert not worker.running
    assert imds.wait_for(NOTICE, status=200).version == "v2"


def test_a_later_notice_comes_with_the_clock(imds: Imds) -> None:
    imds.spot(in_=timedelta(minutes=10))
    assert imds.show(NOTICE) is None
    assert imds.clock.seek("+10m")["happened"]
    assert b"terminate" in (imds.show(NOTICE) or b"")


@pytest.mark.imds({"instance": {"instance-type": "c7g.large", "tags": {"Name": 'a "quoted" one'}}})
def test_a_scenario_may_be_a_dict(imds: Imds) -> None:
    assert imds.show("meta-data/instance-type") == b"c7g.large"


@pytest.mark.imds('[instance]\ninstance-type = "m7g.large"\n')
def test_a_scenario_may_be_toml(imds: Imds) -> None:
    assert imds.show("meta-data/instance-type") == b"m7g.large"
    imds.use({"instance": {"instance-type": "t3.micro"}})
    assert imds.show("meta-data/instance-type") == b"t3.micro"
    imds.use("spot-idle")
    assert imds.show("meta-data/instance-life-cycle") == b"spot"
    imds.reload()
    assert imds.show("meta-data/instance-type") == b"m7g.large"


@pytest.mark.imds("spot-idle")
def test_a_scenario_may_be_one_of_the_library(imds: Imds) -> None:
    assert imds.show("meta-data/instance-life-cycle") == b"spot"


def test_a_scenario_may_be_a_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text("[instance]\nuser-data = { file = 'boot.sh' }\n")
    (tmp_path / "boot.sh").write_text("#!/bin/sh\n")
    with Imds(tmp_path / "mine.toml") as imds:
        assert imds.show("user-data") == b"#!/bin/sh\n"
    monkeypatch.chdir(tmp_path)
    with Imds() as imds:
        for scenario in ("mine.toml", tmp_path / "mine.toml"):
            imds.reload()
            assert imds.show("user-data") != b"#!/bin/sh\n"
            imds.use(scenario)
            assert imds.show("user-data") == b"#!/bin/sh\n"


def test_a_fault_is_met_and_removed(imds: Imds) -> None:
    metadata = Metadata(timeout=5, num_attempts=1, base_url=imds.url)
    with imds.fault("meta-data/instance-id", status=503) as fault:
        assert metadata.get("meta-data/instance-id") is None
        assert fault.hits == 1
    assert metadata.get("meta-data/instance-id") == imds.instance_id
    assert [request.status for request in imds.find_requests("meta-data/instance-id")] == [503, 200]
    with imds.fault(status=503, for_=timedelta(minutes=1)), imds.fault(latency=timedelta(seconds=1), for_=30):
        imds.clear("faults")


def test_a_path_may_have_spaces_and_pluses(imds: Imds) -> None:
    imds.set("meta-data/tags/instance/a b+c", "found")
    assert imds.show("meta-data/tags/instance/a b+c") == b"found"
    assert imds.show("meta-data/tags/instance/a b c") is None


def test_mistakes_say_what_is_accepted(imds: Imds) -> None:
    with pytest.raises(Rejected, match='accepted: "terminate", "stop", "hibernate"'):
        imds.spot("explode")
    with pytest.raises(NoRequest, match="no request for meta-data/ami-id within 0.1 s; 0 came"):
        imds.wait_for("meta-data/ami-id", timeout=0.1)
    with pytest.raises(ImdsError, match='instance.instance-type is "c7g large"'):
        Imds({"instance": {"instance-type": "c7g large"}})


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_server_that_hangs_keeps_no_wait(imds: Imds, asynchronous: bool) -> None:
    begun = time.monotonic()
    os.kill(imds.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ImdsError, match="gave no answer within 5" if asynchronous else "timed out"):
            if asynchronous:
                asyncio.run(imds.aio.wait_for("meta-data/ami-id", timeout=0.1))
            else:
                imds.wait_for("meta-data/ami-id", timeout=0.1)
    finally:
        os.kill(imds.pid, signal.SIGCONT)
    assert time.monotonic() - begun < 30, "an order would wait 90 seconds"


def test_what_came_is_not_known_where_the_server_is_gone(imds: Imds, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Imds) -> NoReturn:
        raise ImdsError("no server answers")

    monkeypatch.setattr(Imds, "requests_of_failed_test", gone)
    sentence = "no request for meta-data/ami-id, status=200 within 0.1 s; what came is not known: no server answers"
    with pytest.raises(NoRequest, match=sentence):
        imds.wait_for("meta-data/ami-id", timeout=0.1, status=200)


def test_the_environment_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("NO_PROXY", "localhost")
    before = dict(os.environ)
    with Imds() as imds:
        with imds.environ():
            assert os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] == imds.url
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "localhost,127.0.0.1"
            assert "AWS_PROFILE" not in os.environ
        assert dict(os.environ) == before
        monkeypatch.setenv("NO_PROXY", "*")
        assert imds.environment["NO_PROXY"] == "*"


def test_asyncio_tasks_go_on_while_one_waits(imds: Imds) -> None:
    async def both() -> "int | None":
        waiting = asyncio.create_task(imds.aio.wait_for(NOTICE, status=200))
        await imds.aio.spot()
        await asyncio.get_running_loop().run_in_executor(None, Worker().poll)
        return (await waiting).status

    assert asyncio.run(both()) == 200


def test_waiting_tasks_keep_no_thread_and_end_when_they_are_cancelled(imds: Imds) -> None:
    async def run() -> None:
        waiting = [asyncio.create_task(imds.aio.wait_for(NOTICE, status=200)) for _ in range(40)]
        await asyncio.sleep(0)
        # With a thread for each of them these would come late.
        await imds.aio.spot()
        await asyncio.get_running_loop().run_in_executor(None, Worker().poll)
        await asyncio.gather(*waiting)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(imds.aio.wait_for("meta-data/ami-id"), 0.1)
        with pytest.raises(NoRequest, match="no request for meta-data/ami-id within 0.1 s; 2 came"):
            await imds.aio.wait_for("meta-data/ami-id", timeout=0.1)

    begun = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - begun < 20, "a wait lived on: it would last 30 seconds"


def test_asyncio_has_all_calls(imds: Imds) -> None:
    async def run() -> None:
        aio = imds.aio
        await aio.set("meta-data/ami-id", "ami-1")
        assert await aio.show("meta-data/ami-id") == b"ami-1"
        await aio.unset("meta-data/ami-id")
        assert await aio.show("meta-data/ami-id") != b"ami-1"
        await aio.clock.pause()
        assert (await aio.status())["clock"]["paused"]
        await aio.clock.resume()
        await aio.clock.seek("+1m")
        async with aio.fault("meta-data/ami-id", status=503, for_=30) as fault:
            await asyncio.get_running_loop().run_in_executor(None, Metadata(num_attempts=1, base_url=imds.url).get, "meta-data/ami-id")
            assert await fault.hits() == 1
        with pytest.raises(ImdsError, match="there is no fault"):
            await fault.hits()
        await (await aio.fault(status=503)).remove()
        assert [request.status for request in await aio.find_requests("meta-data/**", status=503)] == [503]
        await aio.use("spot-idle")
        await aio.reload()
        assert len(await aio.requests()) == 2

    asyncio.run(run())


class WithUnittest(ImdsMixin, unittest.TestCase):
    imds_scenario = "spot-idle"

    def test_it_has_a_service_too(self) -> None:
        self.assertEqual(self.imds.show("meta-data/instance-life-cycle"), b"spot")
        self.assertEqual(os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"], self.imds.url)
