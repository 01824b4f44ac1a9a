"""Prints as JSON what cloud-init's Ec2 data source makes of the instance. Its log goes to stderr."""

import base64
import json
import logging
import os
import sys

from cloudinit import distros, helpers
from cloudinit.sources import DataSourceEc2

logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
# cloud-init silences its logger until it is set up.
logging.getLogger("cloudinit").setLevel(logging.DEBUG)

home = os.environ["HOME"]
paths = helpers.Paths({"cloud_dir": home, "run_dir": home})
distro = distros.fetch("debian")("debian", {}, paths)
# What users of a machine without EC2's hardware ids write into cloud.cfg.
config = {"datasource": {"Ec2": {"strict_id": False, "max_wait": 20, "timeout": 5}}}
source = DataSourceEc2.DataSourceEc2(config, distro, paths)
found = source.get_data()

report = {"found": found, "cloud": source.cloud_name}
if found:
    report |= {
        "address": source.metadata_address,
        "version": source._crawled_metadata["_metadata_api_version"],
        "metadata": source.metadata,
        "identity": source.identity,
        "user-data": base64.b64encode(source.userdata_raw).decode(),
        "instance-id": source.get_instance_id(),
        "hostname": source.get_hostname().hostname,
        "region": source.region,
        "availability-zone": source.availability_zone,
        "public-keys": source.get_public_ssh_keys(),
        "network": source.network_config,
    }
print(json.dumps(report))
