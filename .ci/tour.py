"Runs a notebook with its progress in the terminal and writes it as one HTML file: python .ci/tour.py NOTEBOOK HTML"
import os
import re
import sys
import threading
import time
from base64 import b64encode
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT/"nbs/_site"))

from assets import fetch  # noqa: E402  (after the path)


class Tour(NotebookClient):
    "Executes a notebook and shows in the terminal which step runs, for how long, and what it prints."
    def output(self, outs, msg, display_id, cell_index):
        if msg["msg_type"] == "stream":
            self.clear_line()
            sys.stdout.write(msg["content"]["text"])
            sys.stdout.flush()
            self.printing = not msg["content"]["text"].endswith(("\n", "\r"))
        return super().output(outs, msg, display_id, cell_index)

    def clear_line(self):
        if self.ticked: sys.stdout.write("\r\033[K")
        self.ticked = False

    def tick(self):
        "While a cell says nothing, a line that counts its seconds."
        while not self.finished.wait(1):
            if self.printing or not sys.stdout.isatty(): continue
            sys.stdout.write(f"\r\033[K  {time.time() - self.began:4.0f} s  {self.step}")
            sys.stdout.flush()
            self.ticked = True

    def start(self, cell, cell_index):
        source = cell.source
        if cell.cell_type == "markdown" and (heading := re.search(r"^##? (.+)$", source, re.M)):
            self.clear_line()
            print(f"\n[{time.time() - self.began:4.0f} s] {heading[1]}", flush=True)
        lines = [line for line in source.splitlines() if line.strip() and not line.startswith("#|")]
        self.step, self.printing = (lines[0][:70] if lines else ""), False

    def run(self):
        self.began, self.step, self.printing, self.ticked, self.finished = time.time(), "", False, False, threading.Event()
        self.on_cell_start = self.start
        clock = threading.Thread(target=self.tick, daemon=True)
        clock.start()
        try: self.execute(env={"MPLBACKEND": "module://matplotlib_inline.backend_inline", **os.environ})
        finally:
            self.finished.set()
            self.clear_line()


def viewers(page):
    "MathJax and the widget viewer, written into the page that needs them."
    files = {"tex-svg.js": "$" in page, "embed.js": "jupyter.widget-view+json" in page}
    if not any(files.values()): return ""
    try: fetch(ROOT/"build/assets")
    except RuntimeError as error:
        print(f"Formulas and widgets of the page will not be live. {error}")
        return ""
    setup = "<script>window.MathJax = {tex: {inlineMath: [['$', '$']]}, options: {enableMenu: false}}</script>\n"
    codes = [b64encode((ROOT/"build/assets"/name).read_bytes()).decode() for name, needed in files.items() if needed]
    return setup + "\n".join(f'<script src="data:text/javascript;base64,{code}"></script>' for code in codes)


def as_html(notebook, title):
    "The executed notebook as one page that loads nothing."
    exporter = HTMLExporter(template_name="lab", exclude_input_prompt=True, exclude_output_prompt=True)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("#| hide")]
    for cell in notebook.cells:
        cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M)
        for out in cell.get("outputs", []):
            if out.output_type == "stream":           # a progress bar rewrites its line: the last state is the result
                out.name, out.text = "stdout", re.sub(r"[^\n]*\r(?!\n)", "", out.text)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    page = re.sub(r"<script[^>]+src=\"https?:[^>]*>\s*</script>", "", page)
    page = re.sub(r"<script type=\"module\">.*?</script>|<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", "", page, flags=re.S)
    page = re.sub(r"<script>(?:(?!</script>).)*addWidgetsRenderer.*?</script>", "", page, flags=re.S)
    style = "<style>main { max-width: 56rem; margin: 0 auto; padding: 0 1rem; } .jp-Notebook { line-height: 1.6; }</style>"
    head, rest = page.split("</head>", 1)
    return head + style + viewers(rest) + "</head>" + rest


def main(source, target):
    source, target = Path(source), Path(target)
    notebook = nbformat.read(source, as_version=4)
    tour = Tour(notebook, timeout=None, kernel_name="python3", coalesce_streams=True, extra_arguments=["--log-level=ERROR"], resources={"metadata": {"path": str(source.parent)}})
    try: tour.run()
    except CellExecutionError as error: sys.exit(f"\nThe tour stopped at this cell:\n{error}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(as_html(notebook, source.stem), encoding="utf-8")
    print(f"\nThe tour took {time.time() - tour.began:.0f} s. Read it: {target.resolve()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
