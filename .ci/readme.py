"Writes README.md from the front page of the book, nbs/index.ipynb: prose, code and text results."
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def result(output):
    "The text of an output as a reader of the README should see it."
    if output["output_type"] == "stream": return "".join(output["text"])
    data = output.get("data", {})
    return "".join(data.get("text/plain", "")) if "text/markdown" not in data else ""


def readme():
    "The README as a string."
    parts = []
    for cell in json.loads((ROOT/"nbs/index.ipynb").read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown": parts.append(source)
        elif cell["cell_type"] == "code" and not re.match(r"#\|\s*hide\b", source):
            parts.append(f"```python\n{source}\n```")
            parts += [f"```text\n{text.rstrip()}\n```" for text in map(result, cell["outputs"]) if text.strip()]
    links = re.compile(r"\]\((?!https?:|#|nbs/)([\w/.-]+\.ipynb)")
    return links.sub(r"](nbs/\1", "\n\n".join(parts)).replace("nbs/../", "") + "\n"


if __name__ == "__main__":
    (ROOT/"README.md").write_text(readme(), encoding="utf-8")
