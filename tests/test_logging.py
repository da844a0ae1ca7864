"The contract of `transformers_lit.core.logging`, one fresh process a row."
import os
import subprocess
import sys
import textwrap

import pytest

HEAD = "from transformers_lit.core import logging as L\nlog = L.get_logger('transformers_lit.x')\n"


def run(code, head=HEAD, **env):
    "Run `code` in a fresh process; its two streams."
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRANSFORMERS_")}
    done = subprocess.run([sys.executable, "-c", head + textwrap.dedent(code)], env={**clean, **env}, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize("word, level", [("detail", 10), ("debug", 10), ("info", 20), ("warning", 30), ("error", 40), ("critical", 50), ("", 30)])
def test_level_from_environment(word, level):
    assert run("print(L.get_verbosity())", TRANSFORMERS_VERBOSITY=word) == (str(level), "")


@pytest.mark.parametrize("word", ["bogus", "INFO", "10"])
def test_invalid_level_is_reported_and_ignored(word):
    out, err = run("print(L.get_verbosity())", TRANSFORMERS_VERBOSITY=word)
    assert out == "30" and f"TRANSFORMERS_VERBOSITY={word}" in err and "detail, debug, info" in err and err.count("\n") == 0


@pytest.mark.parametrize("name, heard", [("debug", "diwec"), ("info", "iwec"), ("warning", "wec"), ("error", "ec")])
def test_set_verbosity(name, heard):
    code = f"L.set_verbosity_{name}(); print(L.get_verbosity() == getattr(L, '{name.upper()}'))\n"
    code += "for m in 'debug info warning error critical'.split(): getattr(log, m)(m[0])"
    assert run(code) == ("True", "\n".join(heard))


@pytest.mark.parametrize("code, err", [
    ("log.info('a'); log.warning('b %d', 3)", "b 3"),
    ("L.set_verbosity(45); log.error('a'); log.critical('b')", "b"),
    ("L.get_logger().warning('a'); L.get_logger('transformers').warning('b'); L.get_logger('transformers.models').warning('c')", "a\nb\nc"),
    ("L.get_logger('transformers').setLevel(L.ERROR); log.warning('a'); log.error('b')", "b"),
    ("L.get_logger('transformers_other').warning('not ours')", "not ours"),
    ("for _ in range(3): log.warning_once('a %s', 1)\nlog.warning_once('a %s', 2); L.get_logger('transformers_lit.y').warning_once('a 1')", "a 1\na 2\na 1"),
    ("L.set_verbosity_error(); log.warning_once('a'); L.set_verbosity_warning(); log.warning_once('a')", "a"),
    ("log.warning_once({'not': 'hashable'}); log.warning_once('%s', [1])", "{'not': 'hashable'}\n[1]"),
    ("log.warning_advice('a %s', 1)", "a 1"),
    ("L.disable_default_handler(); log.error('a'); L.enable_default_handler(); L.enable_default_handler(); log.error('b')", "b"),
    ("for _ in range(5): L.get_logger()\nlog.warning('a')", "a"),
    ("import logging; logging.basicConfig(format='app %(message)s'); log.warning('a'); L.enable_propagation(); log.warning('b');"
     " L.disable_propagation(); log.warning('c')", "a\nb\napp b\nc"),
    ("import logging, sys; h = logging.StreamHandler(sys.stdout); L.add_handler(h); L.add_handler(h); L.disable_default_handler();"
     " log.warning('a'); L.remove_handler(h); log.warning('b'); L.enable_default_handler(); log.warning('c')", "c"),
    ("import warnings; L.captureWarnings(True); L.set_verbosity_error(); warnings.warn('a'); L.set_verbosity_warning(); L.captureWarnings(False)", ""),
    ("L.disable_progress_bar(); print(list(L.tqdm([1, 2])))", ""),
    ("L.disable_progress_bar()\nwith L.tqdm(total=3) as b: b.update(2); b.set_postfix(x=1); b.set_description('d')", ""),
])
def test_what_is_heard(code, err):
    assert run(code)[1] == err


def test_advice_can_be_silenced():
    assert run("log.warning_advice('a'); log.warning('b')", TRANSFORMERS_NO_ADVISORY_WARNINGS="1")[1] == "b"


def test_captured_warnings_appear_once_and_only_while_captured():
    out, err = run("""
        import warnings; warnings.simplefilter("always")
        L.captureWarnings(True); L.enable_explicit_format(); warnings.warn("one"); L.reset_format()
        L.captureWarnings(False); warnings.warn("two")""")
    assert err.count("UserWarning: one") == err.count("UserWarning: two") == 1
    first, second = err.split("UserWarning: two")[0], err.split("UserWarning: one")[1]
    assert first.startswith("[WARNING|") and "[WARNING|" not in second


def test_formats(tmp_path):
    script = tmp_path / "speak.py"
    script.write_text(HEAD + "L.enable_explicit_format(); log.warning('a')\nlog.warning_once('b')\nL.reset_format(); log.warning('c')\n")
    err = run(f"import runpy; runpy.run_path({str(script)!r})", head="")[1].splitlines()
    assert err[0].startswith("[WARNING|speak.py:3] 2") and err[0].endswith(" >> a")
    assert err[1].startswith("[WARNING|speak.py:4]") and err[2] == "c"
    script.write_text(HEAD + "log.debug('d')\n")
    err = run(f"import runpy; runpy.run_path({str(script)!r})", head="", TRANSFORMERS_VERBOSITY="detail")[1]
    assert err.startswith(f"[DEBUG|{script}:3]") and err.endswith(">> d")


def test_progress_bars_move_and_rest():
    out, err = run("for _ in L.tqdm(range(2), desc='load'): pass\nprint(L.is_progress_bar_enabled()); L.disable_progress_bar(); print(L.is_progress_bar_enabled())")
    assert "load: 100%" in err and out.split() == ["True", "False"]
    assert run("print(len(L.tqdm([1, 2], disable=True)))") == ("2", "")


def test_progress_bars_of_the_hub_client_follow():
    code = "from huggingface_hub.utils import are_progress_bars_disabled as off\nL.disable_progress_bar(); print(off()); L.enable_progress_bar(); print(off())"
    assert run(code)[0].split() == ["True", "False"]


def test_two_threads_configure_once():
    code = """
        import threading, time, logging
        class Slow(logging.Logger):
            def addHandler(self, handler): time.sleep(0.02); super().addHandler(handler)
        logging.getLogger("transformers_lit").__class__ = Slow
        from transformers_lit.core import logging as L
        def go(): log = L.get_logger("transformers_lit.z"); log.warning_once("hello"); seen.append(L.get_verbosity())
        seen = []; many = [threading.Thread(target=go) for _ in range(8)]
        for t in many: t.start()
        for t in many: t.join()
        print(len([h for h in L.get_logger().handlers if hasattr(h, "stream")]), set(seen))"""
    out, err = run(code, head="", TRANSFORMERS_VERBOSITY="info")
    assert (out, err) == ("1 {20}", "hello")


def test_import_is_light():
    code = "import sys; before = set(sys.modules); import transformers_lit.core.logging; new = set(sys.modules) - before\n"
    code += "print(sorted(m for m in new if m.split('.')[0] in ('torch', 'numpy', 'tqdm', 'huggingface_hub')))"
    assert run(code, head="")[0] == "[]"
