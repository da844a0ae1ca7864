"The contract of `transformers_lit.core.dynamic`: nothing runs without consent, and what runs is what the checkpoint holds now."
import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hub_server import Hub
from transformers_lit.core.dynamic import get_imports, get_relative_import_files, resolve_trust_remote_code

HEAD = "import json, os, sys\nfrom pathlib import Path\nfrom transformers_lit.core.dynamic import *\n"
FILES = {"modeling_toy.py": "import os\nfrom .helper import FACTOR\nopen(os.environ['TRACE'], 'a').write('ran ')\nclass Toy:\n    def double(self): return FACTOR * 2\n",
         "helper.py": "FACTOR = 1\n"}
LOAD = "print(custom_class({'AutoModel': 'modeling_toy.Toy'}, 'AutoModel', NAME, trust_remote_code=True)().double())"


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))


@pytest.fixture
def run(tmp_path):
    "Run code in a fresh process, with a cache of code of its own and no terminal; its output lines."
    def run(code, stdin=subprocess.DEVNULL, env=os.environ, **more):
        env = {**env, "HF_HOME": str(tmp_path / "home"), "TRACE": str(tmp_path / "trace"), "PYTHONPATH": str(Path(__file__).parents[1]), **more}
        for name in ("HF_MODULES_CACHE", "XDG_CACHE_HOME"): more.get(name) or env.pop(name, None)
        done = subprocess.run([sys.executable, "-c", HEAD + textwrap.dedent(code)], text=True, capture_output=True, cwd=tmp_path, env=env, stdin=stdin, timeout=120)
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).strip().splitlines()
    return run


@pytest.fixture
def toy(tmp_path):
    write(tmp_path / "toy", FILES)
    return tmp_path / "toy"


@pytest.mark.parametrize("said, ours, theirs, answer", [
    (None, True, True, False), (None, True, False, False), (None, False, False, None), (False, True, True, False), (False, False, False, False),
    (True, True, True, True), (True, False, True, True), (True, False, False, True)])
def test_consent(said, ours, theirs, answer):
    assert resolve_trust_remote_code(said, "ada/toy", ours, theirs) is answer


@pytest.mark.parametrize("said", ["", ", trust_remote_code=False", ", trust_remote_code=None"])
def test_without_consent_nothing_runs_and_the_message_helps(run, toy, said):
    out = run(f"""
        try: custom_class({{'AutoModel': 'modeling_toy.Toy'}}, 'AutoModel', {str(toy)!r}{said})
        except ValueError as error: print(error)""")
    assert len(out) == 1 and str(toy) in out[0] and "modeling_toy.py" in out[0] and "trust_remote_code=True" in out[0]
    assert not (toy.parent / "trace").exists() and not (toy.parent / "home").exists()


def test_a_terminal_is_asked(run, toy):
    code = f"""
        try: print(custom_class({{'AutoModel': 'modeling_toy.Toy'}}, 'AutoModel', {str(toy)!r}))
        except ValueError as error: print('refused')"""
    for typed, word in ((b"y\n", "class"), (b"\n", "refused"), (b"n\n", "refused")):
        ours, theirs = pty.openpty()
        os.write(ours, typed)
        assert word in run(code, stdin=theirs)[-1]
        os.close(ours); os.close(theirs)


def test_local_class_wins_unless_asked(run, toy):
    code = f"""
        m = {{'AutoModel': 'modeling_toy.Toy'}}
        print(custom_class(m, 'AutoModel', {str(toy)!r}, has_local_code=True), custom_class(None, 'AutoModel', {str(toy)!r}))
        print(custom_class(m, 'AutoModel', {str(toy)!r}, True, has_local_code=True).__name__)"""
    assert run(code) == ["None None", "Toy"]


def test_an_edit_is_seen_also_in_a_helper(run, toy):
    out = run(f"""
        load = lambda: get_class_from_dynamic_module('modeling_toy.Toy', {str(toy)!r})
        first = load(); assert load() is first
        Path({str(toy)!r}, 'helper.py').write_text('FACTOR = 5')
        print(load()().double(), first().double())""")
    assert out == ["10", "2"] or out == ["10 2"]
    assert (toy.parent / "trace").read_text() == "ran ran "


def test_where_the_copies_live(run, toy, tmp_path):
    load = LOAD.replace("NAME", repr(str(toy)))
    run(load)
    run(load, HF_MODULES_CACHE=str(tmp_path / "mods"))
    for root in (tmp_path / "home" / "modules", tmp_path / "mods"):
        assert sorted(p.name for p in root.rglob("*.py")) == ["helper.py", "modeling_toy.py"]


def test_relative_imports_of_every_form(run, tmp_path):
    write(tmp_path / "pkg", {
        "main.py": """
            from . import one
            from .two import TWO
            from .deep import three
            from .deep.four import FOUR
            from .bag import *
            try: from .fast_kernel import nothing
            except ImportError: pass
            def late():
                from .five import FIVE
                return FIVE
            class M:
                def total(self): return [one.ONE, TWO, three.THREE, FOUR, ITEM, late()]
            """,
        "one.py": "ONE = 1", "two.py": "from .deep.four import FOUR\nTWO = 2", "deep/three.py": "from ..one import ONE\nTHREE = ONE + 2",
        "deep/four.py": "from . import three\nFOUR = three.THREE + 1", "bag/__init__.py": "from .item import ITEM", "bag/item.py": "ITEM = 9",
        "five.py": "FIVE = 5", "other.py": "raise SystemExit"})
    out = run(f"print(get_class_from_dynamic_module('main.M', {str(tmp_path / 'pkg')!r})().total())")
    assert out == ["[1, 2, 3, 4, 9, 5]"]
    names = {os.path.relpath(p, tmp_path / "pkg") for p in get_relative_import_files(tmp_path / "pkg" / "main.py")}
    assert names == {"one.py", "two.py", "deep/three.py", "deep/four.py", "bag/__init__.py", "bag/item.py", "five.py"}


def test_get_imports_reads_without_running(tmp_path):
    write(tmp_path, {"m.py": "import a.b, c\nfrom d.e import f\nfrom .g import h\nraise SystemExit\ntry: import i\nexcept ImportError: import j\nif c:\n    import k\ndef l():\n    import m\n"})
    assert get_imports(tmp_path / "m.py") == ["a", "c", "d"]


@pytest.mark.parametrize("source, kind, words", [
    ("import nobody_has_this, nor_this\nclass Toy: pass", "ImportError", "nobody_has_this, nor_this"),
    ("from .gone import x\nclass Toy: pass", "OSError", "has no gone.py"),
    ("from ..up import x\nclass Toy: pass", "ImportError", "above the folder"),
    ("class Tay: pass\nclass Tom: pass", "AttributeError", "has no class Toy; it has Tay, Tom"),
    ("class Toy(: pass", "SyntaxError", "modeling_toy.py"),
    (None, "OSError", "has no file modeling_toy.py")])
def test_failures_name_the_file_and_the_remedy(run, tmp_path, source, kind, words):
    write(tmp_path / "toy", {"modeling_toy.py": source} if source else {"x.py": ""})
    out = run(f"try: get_class_from_dynamic_module('modeling_toy.Toy', {str(tmp_path / 'toy')!r})\nexcept Exception as e: print(type(e).__name__, e)")
    assert len(out) == 1 and out[0].startswith(kind) and words in out[0]


@pytest.mark.parametrize("reference", ["Toy", "../secret.Toy", "/etc/secret.Toy", "a..b.Toy", ".Toy", "x/y.Toy"])
def test_a_reference_cannot_leave_the_checkpoint(run, toy, reference):
    out = run(f"try: get_class_from_dynamic_module({reference!r}, {str(toy)!r})\nexcept ValueError as error: print(error)")
    assert len(out) == 1 and "does not name a class" in out[0]


def test_objects_reach_another_process(run, toy):
    code = f"""
        import multiprocessing
        if __name__ == '__main__':
            toy = get_class_from_dynamic_module('modeling_toy.Toy', {str(toy)!r})()
            with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.apply(toy.double))"""
    assert run(code) == ["2"]


def test_many_processes_at_once(run, toy, tmp_path):
    env = {**os.environ, "HF_HOME": str(tmp_path / "home"), "TRACE": str(tmp_path / "trace"), "PYTHONPATH": str(Path(__file__).parents[1])}
    code = HEAD + LOAD.replace("NAME", repr(str(toy)))
    many = [subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert [p.communicate()[0].strip() for p in many] == ["2"] * 6


# ---- from a hub
def test_code_of_a_repository_is_pinned_by_revision(run, toy, tmp_path):
    with Hub(users={"secret": "ada"}) as hub:
        first = hub.add_folder("ada/toy", toy)
        hub.add("ada/toy", {"helper.py": "FACTOR = 7\n"})
        hub.add("ada/weights", {"config.json": "{}"})
        env = hub.env(tmp_path / "home")
        assert run(LOAD.replace("NAME", "'ada/toy'"), env=env)[0] == "14"
        assert run(LOAD.replace("NAME", f"'ada/toy', revision={first!r}"), env=env)[0] == "2"
        other = LOAD.replace("modeling_toy.Toy", "ada/toy--modeling_toy.Toy")
        assert run(other.replace("NAME", f"'ada/weights', code_revision={first!r}, revision='main'"), env=env)[0] == "2"
        with hub.watch() as seen: assert run(LOAD.replace("NAME", "'ada/toy'"), env=env, HF_HUB_OFFLINE="1")[0] == "14"
        assert seen == []
        refused = run("try: custom_class({'AutoModel': 'ada/toy--modeling_toy.Toy'}, 'AutoModel', 'ada/weights')\nexcept ValueError as e: print(e)", env=env)[0]
        assert "ada/weights" in refused and "modeling_toy.py of ada/toy" in refused


# ---- saving
PACKAGE = {"mine/__init__.py": "", "mine/base.py": "SCALE = 3\n", "mine/shape.py": """
    from transformers_lit.core.dynamic import CustomCodeMixin
    from .base import SCALE
    class Shape(CustomCodeMixin):
        def size(self): return SCALE
    class Words(CustomCodeMixin):
        _default_auto_class = "AutoTokenizer"
    class WordsFast(Words): pass
    """}


def test_save_and_load_elsewhere(run, tmp_path):
    write(tmp_path, PACKAGE)
    out = run("""
        sys.path.insert(0, os.getcwd())
        from mine.shape import Shape, Words, WordsFast
        class Config: pass
        config, plain = Config(), {'auto_map': {'AutoConfig': 'c.C'}}
        Shape.register_for_auto_class(); Words.register_for_auto_class()
        print([os.path.basename(f) for f in custom_object_save(Shape(), 'out', [config, plain])])
        print(config.auto_map, plain['auto_map'])
        tok = {}; custom_object_save(WordsFast(), 'out', tok); print(tok['auto_map']); custom_object_save(Words(), 'out', tok); print(tok['auto_map'])
        Loaded = custom_class(config.auto_map, 'AutoModel', 'out', trust_remote_code=True)
        print(Loaded().size(), custom_class(tok['auto_map'], 'AutoTokenizer', 'out', trust_remote_code=True).__name__)
        print(sorted(os.path.basename(f) for f in custom_object_save(Loaded(), 'again')), custom_object_save(Loaded(), Path(sys.modules[Loaded.__module__].__file__).parent)[0] > '')
        for bad in ('Model', 'mine'):
            try: Shape.register_for_auto_class(bad)
            except ValueError as error: print(error)""")
    assert out[:4] == ["['shape.py', 'base.py']", "{'AutoModel': 'shape.Shape'} {'AutoConfig': 'c.C', 'AutoModel': 'shape.Shape'}",
                       "{'AutoTokenizer': [None, 'shape.WordsFast']}", "{'AutoTokenizer': ['shape.Words', 'shape.WordsFast']}"]
    assert out[4:6] == ["3 WordsFast", "['base.py', 'shape.py'] True"] and all("not an auto class" in line for line in out[6:]) and len(out) == 8


def test_a_class_of_a_script_is_reported(run, tmp_path):
    out = run("class Here(CustomCodeMixin): pass\nHere.register_for_auto_class(); c = {}\nprint(custom_object_save(Here(), 'out', c), c, os.path.exists('out'))")
    assert out[0] == "[] {} False" and "Here is defined in a script" in out[1]


def test_import_is_light(run):
    assert run("print([m for m in ('torch', 'huggingface_hub') if m in sys.modules])") == ["[]"]
