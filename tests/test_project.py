"The project holds together: notebooks and package agree, notebooks are clean, importing is cheap, README is current."
import ast
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT/"transformers_lit"
PAGES = sorted(p for top in ("nbs", "tutorials") for p in (ROOT/top).rglob("*.ipynb")
               if not any(part[0] in "._" for part in p.relative_to(ROOT).parts))
SOURCE_PAGES = [p for p in PAGES if p.is_relative_to(ROOT/"nbs")]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT).with_suffix("")))
each_source = pytest.mark.parametrize("page", SOURCE_PAGES, ids=lambda p: str(p.relative_to(ROOT/"nbs").with_suffix("")))


def read(page):
    return json.loads(page.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code_cells(page):
    return [source(c) for c in read(page)["cells"] if c["cell_type"] == "code"]


def body(code):
    "The code of a cell without its leading `#|` directives and magics."
    return "\n".join(line for line in code.splitlines() if not re.match(r"\s*(#\||%)", line))


# ---- notebooks and package ------------------------------------------------------------------------------------------

def test_package_is_what_the_notebooks_export(tmp_path):
    "`nbdev_export` into a copy gives every module of the committed package, byte for byte."
    for name in ("settings.ini", "pyproject.toml"): shutil.copy(ROOT/name, tmp_path)
    for page in SOURCE_PAGES:
        copy = tmp_path/page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, copy)
    for init in PACKAGE.rglob("__init__.py"):                              # the only files that people write by hand
        copy = tmp_path/init.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(init, copy)
    env = {k: v for k, v in os.environ.items() if k != "IN_TEST"}
    done = subprocess.run([sys.executable, "-c", "from nbdev.doclinks import nbdev_export; nbdev_export()"],
                          cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {p.relative_to(tmp_path) for p in (tmp_path/"transformers_lit").rglob("*.py")}
    here = {p.relative_to(ROOT) for p in PACKAGE.rglob("*.py")}
    stale = [str(p) for p in sorted(made & here) if not filecmp.cmp(tmp_path/p, ROOT/p, shallow=False)]
    assert (sorted(made - here), sorted(here - made), stale) == ([], [], []), \
        "notebooks and package disagree (not exported, without a notebook, stale): run `make export`"
    assert filecmp.cmp(tmp_path/"pyproject.toml", ROOT/"pyproject.toml", shallow=False), "pyproject.toml: run `make export`"


def test_readme_is_the_front_page():
    from importlib.util import module_from_spec, spec_from_file_location
    spec = spec_from_file_location("readme", ROOT/".ci/readme.py")
    readme = module_from_spec(spec)
    spec.loader.exec_module(readme)
    assert (ROOT/"README.md").read_text(encoding="utf-8") == readme.readme(), "README.md is stale: run `make export`"


# ---- every notebook -------------------------------------------------------------------------------------------------

@each_page
def test_notebook_is_clean(page):
    "Cleaned metadata, no error outputs, no more than 200 KB, no execution counts, no memory addresses."
    notebook, size = read(page), page.stat().st_size
    assert size <= 200_000, f"{size} bytes: make the figures smaller"
    assert set(notebook["metadata"]) <= {"kernelspec", "widgets"}, "run `make export`"
    for cell in notebook["cells"]:
        assert cell["metadata"] == {} and cell.get("execution_count") is None, f"not cleaned: {source(cell)[:80]}"
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error", f"a stored error: {source(cell)[:80]}"
            text = json.dumps({k: v for k, v in output.get("data", {}).items() if k.startswith("text/")})
            assert not re.search(r" at 0x[0-9a-f]{6,}", text), f"a memory address in the output of: {source(cell)[:80]}"


@each_page
def test_notebook_has_title_and_sentence(page):
    first = next((source(c) for c in read(page)["cells"] if c["cell_type"] == "markdown"), "")
    assert re.match(r"# \S.*\n\n?> \S", first), "the first text cell is `# Title` and a line `> one sentence`"


@each_page
def test_imports_stand_alone(page):
    "A cell that imports does nothing else: nbdev executes such cells when it prepares the documentation."
    for code in code_cells(page):
        if re.search(r"^#\|\s*(eval: *false|solution|code-summary: *.?Solution)|^%%", code, re.M): continue
        kinds = {isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(body(code)).body
                 if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))}
        assert len(kinds) < 2, f"imports and other code in one cell:\n{code}"


# ---- style.md, the mechanical half: warnings that a person judges -----------------------------------------------------

SECTIONS = ("The idea", "What changes", "Assemble", "Weights", "See it work", "Tips and limits", "Exercises", "References")
FOREIGN = re.compile(r"\bself\.(norm[12]|ln_\w+|final_layer_norm|layer_norm\w*|fc[12]|c_attn|c_proj|dense|query|key|value"
                     r"|out_proj|wte|wpe|tmp\w*|LayerNorm)\b\s*=")


def findings(page):
    "What the style guide would say about a page."
    notebook = read(page)
    for number, cell in enumerate(notebook["cells"]):
        text = source(cell)
        where = f"cell {number} ({text.strip().splitlines()[0][:50] if text.strip() else 'empty'})"
        lines = body(text).strip().splitlines()
        if cell["cell_type"] == "markdown":
            if len(text.split()) > 130: yield f"{where}: {len(text.split())} words, 80 are enough"
            continue
        limit = 40 if re.search(r"^class ", body(text), re.M) else 25
        if len(lines) > limit: yield f"{where}: {len(lines)} lines"
        long = [line for line in lines if len(line) > 110]
        if long: yield f"{where}: {len(long)} lines over 110 columns"
        if re.search(r"^\s*print\(\s*f?[\"']", text, re.M): yield f"{where}: prints a sentence; display a value"
        for name in FOREIGN.findall(text): yield f"{where}: self.{name} is not in the vocabulary"
        if re.search(r"^#\|\s*exports?\b", text, re.M) and re.search(r"^@patch", text, re.M): yield f"{where}: @patch"
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png", "")
            if len(png) * 3 // 4 > 60_000: yield f"{where}: a figure of {len(png) * 3 // 4000} KB"
    if page.parent.parent.name == "models":
        titles = {source(c).strip("# \n") for c in notebook["cells"] if source(c).startswith("## ")}
        for section in SECTIONS:
            if not any(section in title for title in titles): yield f"no section `## {section}`"


@each_source
def test_style(page):
    found = list(findings(page))
    if found: warnings.warn("\n  ".join([f"{page.relative_to(ROOT/'nbs')}", *found]), stacklevel=1)


# ---- the package ----------------------------------------------------------------------------------------------------

def test_import_is_cheap():
    "`import transformers_lit` takes less than 0.2 s and brings in neither torch nor an optional package."
    code = ("import time, sys; start = time.perf_counter(); import transformers_lit; took = time.perf_counter() - start;"
            "heavy = {'torch', 'numpy', 'tokenizers', 'safetensors', 'huggingface_hub', 'matplotlib', 'jinja2'};"
            "print(took, *sorted(heavy & set(sys.modules)))")
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
            for _ in range(3)]
    assert all(len(run) == 1 for run in runs), f"imported too: {runs[0][1:]}"
    assert min(float(run[0]) for run in runs) < 0.2


def test_code_is_python_310():
    "The oldest Python that settings.ini names can read every module."
    for module in PACKAGE.rglob("*.py"): ast.parse(module.read_text(encoding="utf-8"), str(module), feature_version=(3, 10))


def test_every_dependency_is_pinned():
    "What settings.ini asks for has a version in constraints.txt that satisfies it."
    from configparser import ConfigParser
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name
    ini = ConfigParser(delimiters=["="])
    ini.read(ROOT/"settings.ini", encoding="utf-8")
    pins = [Requirement(line) for line in (ROOT/"constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    needs = [need for key, value in ini["DEFAULT"].items() if key.endswith("requirements") or key.startswith("extras_")
             for need in map(Requirement, value.split())]
    missing = [str(n) for n in needs if not n.specifier.contains(versions.get(canonicalize_name(n.name), "0"), prereleases=True)]
    assert len(needs) > 20 and missing == []
    assert versions["torch"] == "2.13.0" and not any("+" in version for version in versions.values())


def test_nothing_committed_names_a_registry():
    "Lock files and scripts stay usable everywhere: they hold no address to download from."
    for name in ("Makefile", "constraints.txt", "settings.ini", "setup.py", "pyproject.toml", ".ci/run"):
        assert not re.search(r"https?://(?!example\.org)|index-url", (ROOT/name).read_text()), name
