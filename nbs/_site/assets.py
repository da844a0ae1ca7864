"What the site takes from npm packages instead of from a network: MathJax, the widget viewer, fonts."
import shutil
import subprocess
import tarfile
from pathlib import Path

PACKAGES = {                    # npm package -> the files that the site takes from it
    "mathjax@3.2.2": ["es5/tex-svg.js"],
    "@jupyter-widgets/html-manager@1.0.15": ["dist/embed.js"],
    "@fontsource-variable/source-serif-4@5.3.1": ["files/source-serif-4-latin-wght-normal.woff2",
                                                  "files/source-serif-4-latin-wght-italic.woff2"],
    "@fontsource-variable/inter@5.3.0": ["files/inter-latin-wght-normal.woff2"],
    "@fontsource-variable/jetbrains-mono@5.3.0": ["files/jetbrains-mono-latin-wght-normal.woff2"]}


def fetch(folder):
    "MathJax, the widget viewer and the fonts, once: pages must work where there is no network."
    folder.mkdir(parents=True, exist_ok=True)
    for package, files in PACKAGES.items():
        if all((folder/Path(f).name).exists() for f in files): continue
        if not shutil.which("npm"): raise RuntimeError("The documentation takes MathJax and its fonts from npm packages: install Node.js.")
        done = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True)
        if done.returncode: raise RuntimeError(f"npm could not fetch {package}:\n{done.stderr}")
        archive = folder/done.stdout.split()[-1]
        with tarfile.open(archive) as tar:
            for f in files: (folder/Path(f).name).write_bytes(tar.extractfile(f"package/{f}").read())
        archive.unlink()
