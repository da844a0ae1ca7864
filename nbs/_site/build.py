"Builds the documentation: python nbs/_site/build.py build/docs"
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from assets import fetch  # noqa: E402  (after the path)
from bridge import Links, Page  # noqa: E402

FOLDERS = dict(                 # the folders in reading order; one that is not named here comes after them
    tutorials="Tutorials", layers="Layers", attention="Attention", models="Models", text="Text", vision="Vision", audio="Audio",
    video="Video", multimodal="Multimodal", reinforcement="Reinforcement learning", time_series="Time series", graph="Graphs",
    tokenizers="Tokenizers", processors="Processors", generation="Generation", training="Training", quantization="Quantization",
    export="Export", pipelines="Pipelines", agents="Agents", analysis="Analysis", core="Core", book="The book's tools")


def notebooks():
    "The pages: path -> place on the site."
    for top, prefix in ((ROOT/"nbs", ""), (ROOT/"tutorials", "tutorials/")):
        for path in sorted(top.rglob("*.ipynb")):
            relative = path.relative_to(top)
            if not any(part[0] in "._" for part in relative.parts): yield path, prefix + relative.with_suffix("").as_posix()


def reading_order(pages):
    "Inside a folder a page stands after the pages it imports from, then by `order` and name; models and lessons by name alone."
    left = sorted(pages, key=lambda p: (p.order, p.name))
    if not pages or pages[0].name.startswith(("models/", "tutorials/")): return left
    ordered = []
    while left:
        open_ = {p.module for p in left}
        page = next((p for p in left if not p.needs & (open_ - {p.module})), left[0])
        left.remove(page)
        ordered.append(page)
    return ordered


def rank(name):
    return (list(FOLDERS).index(name) if name in FOLDERS else len(FOLDERS), name)


def toctree(entries, caption=""):
    option = f":caption: {caption}\n" if caption else ""
    return "```{toctree}\n:hidden:\n" + option + "\n" + "\n".join(entries) + "\n```\n"


def coverage(models):
    "The table of architectures."
    head = "| architecture | kind | classes | the idea |\n|:--|:--|--:|:--|\n"
    rows = "".join(f"| [{p.title}](/{p.name}) | {FOLDERS.get(p.name.split('/')[1], p.name.split('/')[1])} "
                   f"| {len(p.registered)} | {p.lede} |\n" for p in sorted(models, key=lambda p: p.title.lower()))
    total = sum(len(p.registered) for p in models)
    return (f"# Architectures\n\n:::{{container}} lede\n{len(models)} architectures with {total} model classes, each in one notebook.\n:::"
            f"\n\n{head}{rows}")


def tree(pages):
    "Every generated page of contents: name -> text, and what hangs below the front page."
    folders = defaultdict(lambda: (set(), []))
    for page in pages:
        parts = page.name.split("/")[:-1]
        folders["/".join(parts)][1].append(page)
        for depth in range(len(parts)): folders["/".join(parts[:depth])][0].add(parts[depth])
    texts = {}
    for folder, (children, own) in folders.items():
        own = [p for p in reading_order(own) if p.name != "index"]
        below = sorted(children, key=rank)
        if not folder:
            top = [p.name for p in own] + ["coverage"]
            below = [f"{name}/index" for name in below]
            texts[""] = toctree(top, "Start") + "\n" + toctree(below, "The book")
            continue
        title = FOLDERS.get(folder.split("/")[-1], folder.split("/")[-1])
        lines = [f"- [{FOLDERS.get(c, c)}](/{folder}/{c}/index)" for c in below]
        lines += [f"- [{p.title}](/{p.name})" + (f": {p.lede}" if p.lede else "") for p in own]
        names = [f"{c}/index" for c in below] + [p.name.split("/")[-1] for p in own]
        texts[f"{folder}/index"] = f"# {title}\n\n:::{{container}} contents-list\n" + "\n".join(lines) + "\n:::\n\n" + toctree(names)
    return texts


def write(path, text):
    "Writes only what has changed, so that Sphinx renders only that."
    if path.exists() and path.read_text(encoding="utf-8") == text: return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def prepare(site):
    "Fills `site` with what Sphinx reads and removes what no longer belongs there."
    pages = [Page(path, name) for path, name in notebooks()]
    places = defaultdict(list)
    for page in pages:
        for name in page.entries: places[name].append((page.name, f"{page.module}.{name}"))
        for name in page.entries: places[f"{page.module}.{name}"].append((page.name, f"{page.module}.{name}"))
    links, texts = Links(places), tree(pages)
    wanted = {site/f"{name}.md" for name in texts if name} | {site/"coverage.md"}
    for page in pages:
        extra = texts[""] if page.name == "index" else ""
        target = site/f"{page.name}.ipynb"
        write(target, json.dumps(page.prepared(links, extra), indent=1, ensure_ascii=False))
        wanted.add(target)
    for name, text in texts.items():
        if name: write(site/f"{name}.md", links(text, name))
    write(site/"coverage.md", coverage([p for p in pages if p.name.startswith("models/")]))
    for old in [*site.rglob("*.ipynb"), *site.rglob("*.md")]:
        if old not in wanted: old.unlink()
    return len(pages)


def main(out):
    build = ROOT/"build"
    try: fetch(build/"assets")
    except RuntimeError as error: sys.exit(str(error))
    count = prepare(build/"site")
    done = subprocess.run([sys.executable, "-m", "sphinx", "-b", "html", "-c", str(HERE), "-d", str(build/"doctrees"), "-j", "2", "-q", "-a",
                           "-w", str(build/"docs-warnings.txt"), str(build/"site"), str(out)],
                          env={**os.environ, "PYTHONWARNINGS": "ignore"})
    if done.returncode: sys.exit(done.returncode)
    warned = re.findall(r"WARNING|ERROR", (build/"docs-warnings.txt").read_text())
    print(f"{count} notebooks, {len(warned)} warnings: {out}/index.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
