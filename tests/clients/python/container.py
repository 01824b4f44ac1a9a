"""Prints as JSON what botocore gets from the endpoint of a container."""

import json

import botocore.session

session = botocore.session.Session()
provider = session.get_credentials()
keys = provider.get_frozen_credentials()

print(
    json.dumps(
        {
            "method": provider.method,
            "access-key-id": keys.access_key,
            "secret-access-key": keys.secret_key,
            "session-token": keys.token,
            "needs-refresh": provider.refresh_needed(),
        }
    )
)
