"Every notebook runs from its first cell to its last, in a new kernel and in its own folder."
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((p for top in ("nbs", "tutorials") for p in (ROOT/top).rglob("*.ipynb")
                    if not any(part[0] in "._" for part in p.relative_to(ROOT).parts)),
                   key=lambda p: (p.parent.name != "tutorials", -p.stat().st_size))      # the long ones start first
CELL_LIMIT = 300        # seconds; a cell is meant to take less than 5, a loaded machine takes longer
KERNEL_ENV = dict(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_ENDPOINT="http://127.0.0.1:1",
                  IN_TEST="1", TOUR_QUICK="1", PYTHONHASHSEED="0", MPLBACKEND="module://matplotlib_inline.backend_inline")


def files_of(folder):
    return {p.name for p in folder.iterdir() if p.suffix != ".ipynb" and not p.name.startswith((".", "_"))}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(ROOT).with_suffix("")))
def test_notebook_runs(path):
    stored, beside = path.read_bytes(), files_of(path.parent)
    notebook = nbformat.reads(stored.decode(), as_version=4)
    client = NotebookClient(notebook, timeout=CELL_LIMIT, startup_timeout=180, kernel_name="python3",
                            extra_arguments=["--log-level=ERROR"],
                            resources={"metadata": {"path": str(path.parent)}})
    failure = None
    try: client.execute(env={**os.environ, **KERNEL_ENV})
    except (CellExecutionError, CellTimeoutError) as error: failure = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    if failure: pytest.fail(f"{path.relative_to(ROOT)} stopped at a cell:\n{failure}", pytrace=False)
    assert path.read_bytes() == stored, "running the notebook changed its own file"
    assert files_of(path.parent) == beside, "running the notebook left files in its folder"
