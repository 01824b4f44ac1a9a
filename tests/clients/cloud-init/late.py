"""Prints as JSON what cloud-init makes of an instance that changes:
  late.py hook add|remove AT   its hot-plug hook for nic1, AT on the service's clock: each network that it would apply
  late.py crawl AT             its crawler: the interfaces that it found
Its network is not written to the host. Where it sleeps, the service's clock goes on instead; both clocks stand still
otherwise, so that a run is the same on every machine."""

import json
import logging
import os
import subprocess
import sys
import time

from cloudinit import distros, helpers, stages, version
from cloudinit.cmd.devel import hotplug_hook
from cloudinit.sources import DataSourceEc2

logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
# cloud-init silences its logger until it is set up.
logging.getLogger("cloudinit").setLevel(logging.DEBUG)


def seek(to):
    subprocess.run([*os.environ["SEEK"].split(), to], check=True, stdout=sys.stderr)


class Clock:
    def __init__(self):
        self.slept = 0.0
        self.began = time.time()

    def sleep(self, seconds):
        seek(f"+{round(seconds * 1000)}ms")
        self.slept += seconds

    def now(self):
        return self.began + self.slept


def crawler():
    home = os.environ["HOME"]
    paths = helpers.Paths({"cloud_dir": home, "run_dir": home})
    distro = distros.fetch("debian")("debian", {}, paths)
    # What users of a machine without EC2's hardware ids write into cloud.cfg.
    config = {"datasource": {"Ec2": {"strict_id": False, "max_wait": 20, "timeout": 5}}}
    return DataSourceEc2.DataSourceEc2(config, distro, paths)


class Activator:
    """Brings nothing up or down."""

    bring_up_interface = bring_down_interface = staticmethod(lambda *_: True)


class Boot:
    """What the hook reads from cloud-init's cache of the boot."""

    def __init__(self, source):
        self.datasource, self.cfg = source, {}

    def fetch(self, existing):
        return self.datasource

    def _write_to_cache(self):
        pass


def hook(action, at):
    source = crawler()
    assert source.get_data(), "no metadata at the boot"
    seek(at)
    applied = []

    def apply(config, bring_up=False):
        nic = config["ethernets"].get("nic1")
        nic = nic and {"dhcp6": nic["dhcp6"], "addresses": nic.get("addresses", [])}
        applied.append([round(clock.slept, 1), nic])

    source.distro.apply_network_config = apply
    type(source.distro).network_activator = property(lambda _: lambda: Activator)
    stages.update_event_enabled = lambda **_: True
    found = {"applied": applied}
    try:
        hotplug_hook.handle_hotplug(Boot(source), "/sys/class/net/nic1", "net", action)
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found | {"ended": round(clock.slept, 1)}


def crawl(at):
    source = crawler()
    seek(at)
    found = {}
    try:
        source.get_data()
        macs = source.metadata["network"]["interfaces"]["macs"]
        found["macs"] = sorted(macs)
        nics = source.network_config["ethernets"]
        # The first one is preferred, by the least metric of its routes; a single one has none.
        found["order"] = sorted(nics, key=lambda nic: nics[nic].get("dhcp4-overrides", {}).get("route-metric", 0))
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found | {"ended": round(clock.slept, 1)}


clock = Clock()
time.sleep, time.time, time.monotonic = clock.sleep, clock.now, clock.now
report = {"hook": hook, "crawl": crawl}[sys.argv[1]](*sys.argv[2:])
print(json.dumps({"version": version.version_string().split("-")[0]} | report))
