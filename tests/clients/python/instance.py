"""Prints as JSON what boto3 finds out about the instance."""

import json

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.utils import InstanceMetadataRegionFetcher

session = boto3.Session()
provider = session.get_credentials()
keys = provider.get_frozen_credentials()
region = InstanceMetadataRegionFetcher().retrieve_region()

# Signed, never sent.
request = AWSRequest("POST", f"https://sts.{region}.amazonaws.com/", data="Action=GetCallerIdentity&Version=2011-06-15")
SigV4Auth(keys, "sts", region).add_auth(request)

print(
    json.dumps(
        {
            "method": provider.method,
            "access-key-id": keys.access_key,
            "secret-access-key": keys.secret_key,
            "session-token": keys.token,
            "needs-refresh": provider.refresh_needed(),
            "region": region,
            "signed-by": request.headers["Authorization"].split("Credential=")[1].split("/")[0],
            "signed-token": request.headers["X-Amz-Security-Token"],
        }
    )
)
