"Packaging: every fact is read from settings.ini, the file that nbdev reads too."
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

ROOT = Path(__file__).parent
ini = ConfigParser(delimiters=["="])
ini.read(ROOT/"settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]

extras = {key[len("extras_"):]: value.split() for key, value in cfg.items() if key.startswith("extras_")}
extras["dev"] = sorted({*cfg["dev_requirements"].split(), *(need for needs in extras.values() for need in needs)})

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(ROOT/"README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    keywords=cfg["keywords"].split(),
    author=cfg["author"],
    author_email=cfg["author_email"],
    license="Apache-2.0",
    url=cfg["git_url"],
    classifiers=["Intended Audience :: Developers", "Intended Audience :: Education",
                 "Intended Audience :: Science/Research", "Programming Language :: Python :: 3"],
    python_requires=f">={cfg['min_python']}",
    packages=find_packages(include=[cfg["lib_name"], f"{cfg['lib_name']}.*"]),
    install_requires=cfg["requirements"].split(),
    extras_require=extras,
    entry_points={"nbdev": [f"{cfg['lib_name']}={cfg['lib_name']}._modidx:d"]},
    zip_safe=False,
)
