"""Prints as JSON whose keys botocore has at each of these times of the service's clock."""

import json
import os
import subprocess
import sys

import botocore
from botocore.credentials import InstanceMetadataFetcher, InstanceMetadataProvider

seen = []


def keys():
    fetcher = InstanceMetadataFetcher(timeout=1, num_attempts=1)
    found = InstanceMetadataProvider(iam_role_fetcher=fetcher).load()
    if found is None:
        return "none"
    key = found.get_frozen_credentials().access_key
    if key not in seen:
        seen.append(key)
    return f"keys {seen.index(key) + 1}"


report = {"version": botocore.__version__}
for at in sys.argv[1:]:
    subprocess.run([*os.environ["SEEK"].split(), at], check=True, stdout=sys.stderr)
    report[at] = keys()
print(json.dumps(report))
