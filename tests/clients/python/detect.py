"""Prints as JSON what OpenTelemetry's detector finds out about the task."""

import json

from opentelemetry.sdk.extension.aws.resource.ecs import AwsEcsResourceDetector

print(json.dumps(dict(AwsEcsResourceDetector(raise_on_error=True).detect().attributes), default=list))
