#!/usr/bin/env python3
"""Runs the pod of a workload with Docker, as the kubelet would: pod.py MANIFESTS WORKLOAD

One network namespace, the pod's own or the host's; init containers in their order; probes by exec; ConfigMaps as
directories whose files are links through ..data, emptyDirs open to everybody, both in /srv/pods/WORKLOAD/VOLUME.
A projected service account token is one of "default/default", signed by nobody. Containers are called WORKLOAD-CONTAINER. The
node is called worker-2. What it does not know it refuses, so that nothing goes untested unseen.
"""
import base64
import json
import os
import subprocess
import sys
import time

import yaml


def main(manifests, name):
    with open(manifests, encoding="utf-8") as file:
        documents = [document for document in yaml.safe_load_all(file) if document]
    workload = next(d for d in documents if d["kind"] in ("Deployment", "DaemonSet") and d["metadata"]["name"] == name)
    config_maps = {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}
    pod = workload["spec"]["template"]["spec"]
    known = {"automountServiceAccountToken", "nodeSelector", "tolerations"}  # nothing to do here
    known |= {"affinity", "serviceAccountName"}
    known |= {"containers", "initContainers", "volumes", "hostNetwork", "securityContext"}
    refuse_unknown("pod", pod, known)
    volumes = {volume["name"]: prepare(name, volume, config_maps) for volume in pod.get("volumes", [])}
    network = "host"
    if not pod.get("hostNetwork"):
        docker("run", "-d", "--name", f"{name}-pause", "box", "sleep", "infinity")
        network = f"container:{name}-pause"
    for container in pod.get("initContainers", []):
        start(name, pod, container, network, volumes, stays=container.get("restartPolicy") == "Always")
    for container in pod["containers"]:
        start(name, pod, container, network, volumes, stays=True)


def prepare(pod, volume, config_maps):
    """Makes a volume; where it is."""
    path = f"/srv/pods/{pod}/{volume['name']}"
    os.makedirs(path)
    os.chmod(path, 0o777)
    if "configMap" in volume:
        os.mkdir(f"{path}/..1")
        os.symlink("..1", f"{path}/..data")
        for file, text in config_maps[volume["configMap"]["name"]].items():
            with open(f"{path}/..1/{file}", "w", encoding="utf-8") as out:
                out.write(text)
            os.symlink(f"..data/{file}", f"{path}/{file}")
    elif "projected" in volume:
        for source in volume["projected"]["sources"]:
            token = source["serviceAccountToken"]
            with open(f"{path}/{token['path']}", "w", encoding="utf-8") as out:
                out.write(service_account_token(token["audience"], token["expirationSeconds"]))
    elif "emptyDir" not in volume:
        sys.exit(f"pod.py: unknown kind of volume: {volume}")
    return path


def service_account_token(audience, seconds):
    """A JSON Web Token as the kubelet writes it: without a newline at its end."""
    now = int(time.time())
    claims = {"aud": [audience], "exp": now + seconds, "iat": now, "nbf": now, "sub": "system:serviceaccount:default:default"}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "x"}, claims)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def start(pod_name, pod, container, network, volumes, stays):
    known = {"name", "image", "imagePullPolicy", "args", "command", "securityContext", "volumeMounts"}
    known |= {"resources", "ports", "restartPolicy", "startupProbe", "readinessProbe", "env"}
    refuse_unknown("container", container, known)
    name = f"{pod_name}-{container['name']}"
    options = ["--name", name, "--network", network, "--pull", "never", *confinement(pod, container)]
    for mount in container.get("volumeMounts", []):
        suffix = ":ro" if mount.get("readOnly") else ""
        options += ["-v", f"{volumes[mount['name']]}:{mount['mountPath']}{suffix}"]
    for variable in container.get("env", []):
        options += ["-e", f"{variable['name']}={value_of(variable)}"]
    command = container.get("command", [])
    if command:
        options += ["--entrypoint", command[0]]
    docker("run", *(["-d"] if stays else []), *options, container["image"], *command[1:], *container.get("args", []))
    for probe in ("startupProbe", "readinessProbe"):
        if probe in container:
            wait_for(name, container[probe]["exec"]["command"])


def value_of(variable):
    """What a variable has, from the downward API too."""
    if "valueFrom" not in variable:
        return variable["value"]
    return {"spec.nodeName": "worker-2", "status.hostIP": "10.1.0.12"}[variable["valueFrom"]["fieldRef"]["fieldPath"]]


def confinement(pod, container):
    context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
    known = {"runAsUser", "runAsGroup", "runAsNonRoot", "allowPrivilegeEscalation", "readOnlyRootFilesystem"}
    refuse_unknown("securityContext", context, known | {"capabilities", "seccompProfile"})
    options = []
    if "runAsUser" in context:
        options += ["--user", f"{context['runAsUser']}:{context['runAsGroup']}"]
    if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
        sys.exit(f"pod.py: {container['name']} must not run as root, and runs as root")
    if not context.get("allowPrivilegeEscalation", True):
        options += ["--security-opt", "no-new-privileges"]
    if context.get("readOnlyRootFilesystem"):
        options += ["--read-only"]
    for verb in ("drop", "add"):
        for capability in context.get("capabilities", {}).get(verb, []):
            options += [f"--cap-{verb}", capability]
    limit = container.get("resources", {}).get("limits", {}).get("memory")
    if limit:
        options += ["--memory", limit.replace("Mi", "m")]
    return options


def wait_for(name, command):
    for _ in range(100):
        if subprocess.run(["docker", "exec", name, *command], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit(f"pod.py: {name} is not ready: {' '.join(command)} does not succeed")


def refuse_unknown(what, found, known):
    unknown = set(found) - known
    if unknown:
        sys.exit(f"pod.py: it does not know of a {what}: {', '.join(sorted(unknown))}")


def docker(*arguments):
    if subprocess.run(["docker", *arguments], check=False).returncode != 0:
        sys.exit(f"pod.py: failed: docker {' '.join(arguments)}")


main(*sys.argv[1:])
