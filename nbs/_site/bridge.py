"""From nbdev to MyST: prepares one notebook for the site.

nbdev's own processors read the front matter and the `#|` directives (what `nbdev_proc_nbs` does for Quarto); what a directive
means is then written as the cell tags and metadata that myst-nb reads. Stored outputs are kept: nothing is executed here.
"""
import ast
import html
import os
import re
from pathlib import Path

from execnb.nbio import mk_cell, nb2dict, read_nb
from nbdev.frontmatter import FrontmatterProc
from nbdev.process import NBProcessor
from nbdev.processors import filter_stream_, hide_line, populate_language, strip_ansi

from api import entries, public

PROCS = [FrontmatterProc, populate_language, strip_ansi, hide_line, filter_stream_]
WIDGET = "application/vnd.jupyter.widget-view+json"


def exported_source(nb):
    "The public code of a notebook: its `export` and `exports` cells, directives removed."
    return "\n\n".join(c.source for c in nb.cells if {"export", "exports"} & set(c.directives_))


def code_of(cell):
    "The source without Quarto directives (`#| key: value`), which nbdev leaves in place."
    return re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M).strip("\n")


def defined(code):
    try: return [node.name for node in public(ast.parse(code).body)]
    except SyntaxError: return []


def only_imports(code):
    try: return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(code).body)
    except SyntaxError: return False


def fold(meta, tag, prompt):
    meta["tags"] = [tag]
    meta["mystnb"] = {"code_prompt_show": prompt, "code_prompt_hide": prompt}


def says(directives, key, value):
    "Whether `#| key: value` (or `#| key` for an empty value) stands in the cell."
    given = directives.get(f"{key}:", directives.get(key))
    return given is not None and " ".join(given).strip("\"'").lower().startswith(value)


def tags_for(cell, code, names):
    "The cell metadata that says to myst-nb what nbdev's directives say."
    d, meta = cell.directives_, {}
    if "solution" in d or says(d, "code-summary", "solution"): fold(meta, "hide-cell", "Solution")
    elif "exporti" in d: fold(meta, "hide-input", "Plumbing" + (f": {', '.join(names)}" if names else ""))
    elif "export" in d: fold(meta, "hide-input", "Imports" if only_imports(code) else f"Source: {', '.join(names) or 'module'}")
    elif says(d, "code-fold", "true"): fold(meta, "hide-input", " ".join(d.get("code-summary:", ["Code"])).strip("\"'"))
    elif "hide_input" in d or says(d, "echo", "false"): meta["tags"] = ["remove-input"]
    elif "hide_output" in d or says(d, "output", "false"): meta["tags"] = ["remove-output"]
    elif "exports" in d: meta["tags"] = ["exported"]
    return meta


def outputs_of(cell, has_state):
    "The stored outputs, without progress on stderr and without widgets whose state is not stored."
    kept = []
    for out in cell.get("outputs", []):
        if out.get("name") == "stderr": continue
        data = out.get("data", {})
        if WIDGET in data and not has_state:
            data.pop(WIDGET)
            if set(data) <= {"text/plain"}: continue
        kept.append(out)
    return kept


class Links:
    "Turns backticked names of the library into links to their reference entries."
    NAME = re.compile(r"(?<![\[`\\])`([A-Za-z_][\w.]*)(\(\))?`(?![`\]])")

    def __init__(self, places):
        self.places = places                                # name -> [(page, full name)]

    def find(self, name, page):
        found = self.places.get(name, [])
        return next((f for f in found if f[0] == page), found[0] if len({f[1] for f in found}) == 1 else None)

    def link(self, page):
        def replace(match):
            found = self.find(match[1], page)
            if not found: return match[0]
            target, full = found
            file = "" if target == page else Path(os.path.relpath(f"{target}.html", Path(page).parent)).as_posix()
            return f'<a class="api" href="{file}#{full}"><code>{html.escape(match[1] + (match[2] or ""))}</code></a>'
        return replace

    def __call__(self, text, page, fences=True):
        "`text` with links; code between fences stays as it is, unless the fences are directives (`fences=False`)."
        lines, fenced = text.split("\n"), False
        for i, line in enumerate(lines):
            if line.lstrip().startswith(("```", "~~~")): fenced = fences and not fenced
            elif not fenced and not line.startswith(("    ", "#")): lines[i] = self.NAME.sub(self.link(page), line)
        return "\n".join(lines)


NBS = Path(__file__).resolve().parents[1]                   # the tutorials lie beside it


def place_of(link, path):
    "Where a link to a notebook, a path on disk seen from `path`, leads on the site; None if it leaves the book."
    target, lessons = (path.parent/link).resolve(), NBS.parent/"tutorials"
    if target.is_relative_to(lessons): return f"tutorials/{target.relative_to(lessons)}"
    return str(target.relative_to(NBS)) if target.is_relative_to(NBS) else None


def on_the_site(text, path):
    "Markdown whose links to notebooks lead to their pages."
    def replace(match): return f"](/{place}" if (place := place_of(match[1], path)) else match[0]
    return re.sub(r"\]\((?!\w+:)([\w./-]+\.ipynb)", replace, text)


def html_on_the_site(text, path, name):
    "The same for HTML, whose links nobody resolves later; `name` is the place of its own page."
    def replace(match):
        if not (place := place_of(match[1], path)): return match[0]
        return f"href='{Path(os.path.relpath(place, Path(name).parent)).with_suffix('.html').as_posix()}"
    return re.sub(r"href=['\"](?!\w+:)([\w./-]+\.ipynb)", replace, text)


class Page:
    "One notebook of the book."
    def __init__(self, path, name):
        self.path, self.name = Path(path), name             # name: where it stands on the site, without suffix
        proc = NBProcessor(path, PROCS)
        proc.process()
        self.nb, front = proc.nb, proc.nb.frontmatter_
        self.title, self.lede = str(front.get("title", self.path.stem)), str(front.get("description", "")).strip()
        self.order = front.get("order", 1000)               # `- order: 3` in the title cell, as in nbdev
        if self.nb.cells and self.nb.cells[0].cell_type == "raw": self.nb.cells.pop(0)
        default_exp = next((c.directives_["default_exp"][0] for c in self.nb.cells
                            if c.directives_.get("default_exp")), None)
        self.module = f"transformers_lit.{default_exp}" if default_exp else None
        self.code = exported_source(self.nb)
        self.entries = entries(self.code, self.module) if self.module else {}

    @property
    def needs(self):
        "The modules of the library that the exported code imports."
        return set(re.findall(r"^\s*from (transformers_lit[\w.]*) import", self.code, re.M)) - {self.module}

    @property
    def registered(self):
        "The classes that the auto classes can find, without configurations."
        return [node.name for node in public(ast.parse(self.code).body) if not node.name.endswith("Config")
                and any("register" in ast.unparse(d) for d in node.decorator_list)]

    def head(self):
        lede = f"\n\n:::{{container}} lede\n{self.lede}\n:::" if self.lede else ""
        module = f"\n\n:::{{container}} module\n`{self.module}`\n:::" if self.module else ""
        return f"# {self.title}{lede}{module}"

    def prepared(self, links, extra=""):
        "The notebook as myst-nb should read it, as a dictionary."
        cells, shown = [mk_cell(links(self.head(), self.name), "markdown")], set()
        has_state = bool(self.nb.metadata.get("widgets"))
        for cell in self.nb.cells:
            if cell.cell_type == "markdown":
                if cell.source.strip(): cells.append(mk_cell(links(on_the_site(cell.source, self.path), self.name), "markdown"))
                continue
            code, directives = code_of(cell), cell.directives_
            if cell.cell_type != "code" or "hide" in directives or not code: continue
            if documented := re.match(r"show_doc\((\w+)", code):
                if documented[1] in self.entries:
                    shown.add(documented[1])
                    cells.append(mk_cell(links(self.entries[documented[1]], self.name, fences=False), "markdown"))
                continue
            cell.outputs = outputs_of(cell, has_state)
            for out in cell.outputs:
                text = out.get("data", {}).get("text/markdown")
                if text: out["data"]["text/markdown"] = links(on_the_site("".join(text), self.path), self.name)
                text = out.get("data", {}).get("text/html")
                if text: out["data"]["text/html"] = html_on_the_site("".join(text), self.path, self.name)
            cell.metadata, cell.source = tags_for(cell, code, defined(code)), code
            cells.append(cell)
        rest = [links(text, self.name, fences=False) for name, text in self.entries.items() if name not in shown]
        if rest: cells.append(mk_cell("## API\n\n" + "\n\n".join(rest), "markdown"))
        if extra: cells.append(mk_cell(extra, "markdown"))
        self.nb.cells = cells
        widgets = {k: v for k, v in self.nb.metadata.items() if k == "widgets"}
        self.nb.metadata = {"kernelspec": {"name": "python3", "display_name": "python3", "language": "python"}}
        out = nb2dict(self.nb)
        out["metadata"].update(widgets)                     # as they are: links between widgets have a key `source`, which nb2dict splits
        for i, cell in enumerate(out["cells"]):
            cell.setdefault("metadata", {})
            cell["id"] = f"cell-{i}"
        return out
