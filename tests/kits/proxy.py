"""Packs a Go module as a module proxy serves it: proxy.py DIRECTORY MODULE VERSION PROXY"""

import json
import pathlib
import sys
import zipfile

directory, module, version, proxy = sys.argv[1:]
versions = pathlib.Path(proxy, module, "@v")
versions.mkdir(parents=True)
(versions / "list").write_text(f"{version}\n")
(versions / f"{version}.info").write_text(json.dumps({"Version": version}))
(versions / f"{version}.mod").write_bytes(pathlib.Path(directory, "go.mod").read_bytes())
with zipfile.ZipFile(versions / f"{version}.zip", "w") as archive:
    for file in sorted(pathlib.Path(directory).iterdir()):
        archive.write(file, f"{module}@{version}/{file.name}")
