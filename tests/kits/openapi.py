"""The description of the control socket, judged by public validators, and what a running server takes and answers by it."""

import json
import sys

from mock_imds import Imds
from mock_imds._control import Control
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

ORDERS = [
    ("GET", "/v1/status", {}, None),
    ("GET", "/metrics", {}, None),
    ("POST", "/v1/events", {}, {"spot-interruption": {"action": "terminate", "notice": "2m"}}),
    ("POST", "/v1/events", {}, {"target-lifecycle-state": "Terminated", "in": "10m"}),
    ("POST", "/v1/events", {}, {"set": {"meta-data/public-ipv4": False, "meta-data/x": {"text": "y"}}}),
    ("POST", "/v1/events", {}, {"unset": ["meta-data/public-ipv4"]}),
    ("POST", "/v1/faults", {}, {"name": "f", "status": 503, "path": "meta-data/**", "in": "30s", "for": "1m"}),
    ("POST", "/v1/faults/set", {}, {"name": "f", "for": None, "probability": 0.5}),
    ("GET", "/v1/faults", {}, None),
    ("GET", "/v1/status", {}, None),
    ("POST", "/v1/faults/remove", {}, {"names": ["f"]}),
    ("DELETE", "/v1/faults", {}, None),
    ("POST", "/v1/clock", {}, {"seek": "+10m"}),
    ("POST", "/v1/clock", {}, {"pause": True}),
    ("GET", "/v1/show", {"path": "meta-data/spot/instance-action"}, None),
    ("GET", "/v1/environment", {"endpoint": "imds"}, None),
    ("GET", "/v1/environment", {"endpoint": "ecs"}, None),
    ("GET", "/v1/tree", {}, None),
    ("GET", "/v1/tree", {"instance": "nobody"}, None),
    ("GET", "/v1/requests", {"since": "start", "limit": 1, "wait": 0.5}, None),
    ("GET", "/v1/scenarios", {}, None),
    ("POST", "/v1/use", {}, {"scenario": "spot-idle"}),
    ("POST", "/v1/use", {}, {"content": {"text": "[metadata]\nx = 1\n", "files": {"x": {"unread": "no"}}}}),
    ("POST", "/v1/clear", {}, {"what": "faults"}),
    ("POST", "/v1/reload", {}, {"keep": True}),
    ("POST", "/v1/reload", {}, None),
    ("POST", "/v1/clock", {}, {}),
]


def main(file: str) -> None:
    document = json.load(open(file, encoding="utf-8"))
    validate(document)
    components = {"components": document["components"]}

    def fits(schema: "dict[str, object]", value: object, where: str) -> None:
        problems = [error.message for error in OAS31Validator({**schema, **components}).iter_errors(value)]
        assert not problems, f"{where}: {value} does not fit {file}: {problems}"

    def schema_of(holder: "dict[str, dict[str, dict[str, dict[str, object]]]]") -> "dict[str, object]":
        (content,) = holder["content"].values()
        return content["schema"]

    asked = set()
    with Imds() as imds:
        fits({"$ref": "#/components/schemas/ReadyNotice"}, imds._process.ready, "the ready line")
        control = Control(imds.control_socket)
        for method, path, query, body in ORDERS:
            operation = document["paths"][path][method.lower()]
            asked.add((method, path))
            if body is not None:
                fits(schema_of(operation["requestBody"]), body, f"the body of {method} {path}")
            status, answer = control.exchange(method, path, body, query)[:2]
            known = operation["responses"].get(str(status), operation["responses"]["default"])
            if "$ref" in known:
                known = document["components"]["responses"][known["$ref"].rsplit("/", 1)[1]]
            fits(schema_of(known), answer, f"the answer {status} to {method} {path}")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == asked, f"described but not asked for here: {described - asked}"


main(sys.argv[1])
