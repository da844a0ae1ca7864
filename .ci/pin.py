"Print constraints.txt: every package of this environment with its exact version (`make constraints`)."
from importlib import metadata
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

OWN = "transformers-lit"

print("# Every version, pinned. Written by `make constraints` from the environment in .venv; `make setup` installs with it.")
pins = {canonicalize_name(d.metadata["Name"]): d for d in metadata.distributions()}
for name, dist in sorted(pins.items()):
    if name == OWN: continue
    oldest = SpecifierSet(dist.metadata.get("Requires-Python") or "")
    marker = "" if oldest.contains("3.10.99") else ' ; python_version >= "3.11"'
    print(f"{name}=={Version(dist.version).public}{marker}")
