"The contract of `transformers_lit.core.hub` against a hub on loopback; the client is a fresh process with a cache of its own."
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hub_server import Hub

HEAD = "import json, os, sys\nfrom pathlib import Path\nfrom transformers_lit.core.hub import *\n"
THING = HEAD + textwrap.dedent("""
    class Thing(PushToHubMixin):
        def save_pretrained(self, folder, word="w", large=64, push_to_hub=False, **kwargs):
            if push_to_hub:
                with uploading(folder, **kwargs) as upload: self.save_pretrained(folder, word, large)
                return upload.commit
            Path(folder, "config.json").write_text(json.dumps({"word": word}))
            Path(folder, "model.safetensors").write_bytes(b"x" * large)
    def first_line(call):
        try: print(call())
        except OSError as error: print("OSError:", *str(error).splitlines())
    """)


@pytest.fixture
def hub():
    with Hub(users={"secret": "ada", "other": "bob"}) as hub: yield hub


@pytest.fixture
def run(hub, tmp_path):
    "Run code in a fresh process; its output lines."
    def run(code, head=HEAD, home="home", cwd=None, **env):
        done = subprocess.run([sys.executable, "-c", head + textwrap.dedent(code)], env=hub.env(tmp_path / home, PYTHONPATH=str(Path(__file__).parents[1]), **env),
                              text=True, capture_output=True, cwd=cwd or tmp_path, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()
    return run


@pytest.fixture
def fails(run):
    "The one sentence of an OSError."
    def fails(call, **env):
        hurry = "import time; time.sleep = lambda seconds: None\n"            # the client waits between retries
        out = run(hurry + f"try: {call}\nexcept OSError as error: print(type(error).__name__, error)\nelse: print('no error')", **env)
        assert len(out) == 1 and out[0].startswith(("OSError", "FileNotFoundError")), out
        return out[0]
    return fails


# ---- reading
def test_download_cache_and_revisions(hub, run):
    one = hub.add("ada/toy", {"config.json": "one", "deep/model.safetensors": b"w1"})
    code = "p = cached_file('ada/toy', 'config.json'); print(open(p).read()); print(extract_commit_hash(p))"
    with hub.watch() as seen: assert run(code) == ["one", one]
    assert [method for method, path, _ in seen if "resolve" in path] == ["HEAD", "GET"]
    with hub.watch() as seen: assert run(code) == ["one", one]
    assert [method for method, path, _ in seen if "resolve" in path] == ["HEAD"]
    two = hub.add("ada/toy", {"config.json": "two"})
    assert run(code) == ["two", two]
    pinned = f"print(open(cached_file('ada/toy', 'config.json', revision={one!r})).read())"
    with hub.watch() as seen: assert run(pinned) == ["one"]
    assert not [path for _, path, _ in seen if "resolve" in path]
    with hub.watch() as seen: assert run("cached_file('ada/toy', 'config.json', force_download=True)") == []
    assert "GET" in [method for method, path, _ in seen if "resolve" in path]
    assert run("print(open(cached_file('ada/toy', 'model.safetensors', subfolder='deep')).read())") == ["w1"]


def test_branches_tags_and_names_without_owner(hub, run):
    hub.add("gpt2", {"config.json": "plain"})
    hub.add("gpt2", {"config.json": "branched"}, branch="dev")
    hub.repos["model", "gpt2"].tags["v1"] = hub.repos["model", "gpt2"].branches["dev"]
    assert run("for r in (None, 'dev', 'v1'): print(open(cached_file('gpt2', 'config.json', revision=r)).read())") == ["plain", "branched", "branched"]
    hub.add("ada/data", {"t.txt": "rows"}, kind="dataset")
    assert run("print(open(cached_file('ada/data', 't.txt', repo_type='dataset')).read())") == ["rows"]


def test_without_network(hub, run, fails):
    hub.add("ada/toy", {"config.json": "one", "other.json": "two"})
    run("cached_file('ada/toy', 'config.json')")
    read = "print(open(cached_file('ada/toy', 'config.json'{})).read())"
    with hub.watch() as seen:
        assert run(read.format(", local_files_only=True")) == ["one"]
        assert run(read.format(""), HF_HUB_OFFLINE="1") == run(read.format(""), TRANSFORMERS_OFFLINE="1") == ["one"]
        assert run("print(cached_file('ada/toy', 'other.json', optional=True, local_files_only=True))") == ["None"]
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            message = fails("cached_file('ada/toy', 'other.json')", **{name: "1"})
            assert "other.json of ada/toy" in message and "not in the cache" in message and "unset HF_HUB_OFFLINE" in message
        message = fails("cached_file('ada/toy', 'other.json', local_files_only=True)")
        assert "not in the cache" in message and "local_files_only" in message
        message = fails("PushToHubMixin().push_to_hub('ada/toy')", HF_HUB_OFFLINE="1")
        assert "cannot push to ada/toy: offline mode is on" in message
    assert not [path for _, path, _ in seen if "ada" in path]
    closed = "http://127.0.0.1:9"                                         # nobody listens there
    assert run(read.format(""), HF_ENDPOINT=closed) == ["one"]
    message = fails("cached_file('ada/toy', 'other.json')", HF_ENDPOINT=closed)
    assert f"{closed} does not answer" in message and "HTTPS_PROXY" in message
    hub.broken = 500
    assert run(read.format("")) == ["one"]
    assert "out of order (status 500)" in fails("cached_file('ada/toy', 'other.json')")


def test_where_the_cache_lies(hub, run, tmp_path):
    hub.add("ada/toy", {"config.json": "one"})
    show = "print(Path(cached_file('ada/toy', 'config.json'{})).relative_to({!r}).parts[0])"
    assert run(show.format("", str(tmp_path / "home" / "hub"))) == ["models--ada--toy"]
    assert run(show.format("", str(tmp_path / "tc")), TRANSFORMERS_CACHE=str(tmp_path / "tc")) == ["models--ada--toy"]
    assert run(show.format(f", cache_dir={str(tmp_path / 'arg')!r}", str(tmp_path / "arg"))) == ["models--ada--toy"]


def test_optional_and_small_questions(hub, run):
    hub.add("ada/toy", {"config.json": "one", "a/b.txt": "x"})
    code = """
        print(cached_file('ada/toy', 'none.json', optional=True), get_file_from_repo('ada/toy', 'none.json'))
        print(has_file('ada/toy', 'config.json'), has_file('ada/toy', 'none.json'))
        print(list_files('ada/toy'), is_offline_mode())"""
    assert run(code) == ["None None", "True False", "['a/b.txt', 'config.json'] False"]


def test_folders_and_files_win(hub, run, fails, tmp_path):
    hub.add("ada/toy", {"config.json": "remote"})
    (tmp_path / "ada" / "toy" / "sub").mkdir(parents=True)
    (tmp_path / "ada/toy/config.json").write_text("local")
    (tmp_path / "ada/toy/sub/x.json").write_text("x")
    code = """
        for name in ('ada/toy', './ada/toy', Path('ada/toy'), 'ada/toy/config.json'): print(open(cached_file(name, 'config.json')).read())
        print(cached_file('ada/toy', 'none', optional=True), has_file('ada/toy', 'config.json'), list_files('ada/toy'))
        print(Path(cached_file('ada/toy', 'x.json', subfolder='sub')).name)"""
    with hub.watch() as seen:
        assert run(code) == ["local"] * 4 + ["None True ['config.json', 'sub/x.json']", "x.json"]
        assert run("print(open(cached_file('~/toy', 'config.json')).read())", HOME=str(tmp_path / "ada")) == ["local"]
        message = fails("cached_file('ada/toy', 'confi.json')")
        assert "has no file confi.json; it holds config.json, sub" in message and "did you mean" in message
        assert "name the folder" in fails("cached_file('ada/toy/config.json', 'model.safetensors')")
        assert "toy/sup does not exist" in fails("cached_file('ada/toy', 'x.json', subfolder='sup')")
        for name in ("./ada/toi", "ada/toi/", "/no/where", "~/none", "a/b/c", "..\\\\x"): assert "does not exist" in fails(f"cached_file({name!r}, 'config.json')")
        assert "did you mean ada/toy?" in fails("cached_file('./ada/toi', 'config.json')")
    assert seen == []


def test_every_failure_is_a_sentence(hub, run, fails):
    hub.add("ada/toy", {"config.json": "one", "weights": "w"})
    message = fails("cached_file('ada/toy', 'none.json')")
    assert f"ada/toy on {hub.url} has no file none.json at revision main; it holds config.json, weights" in message
    message = fails("cached_file('ada/toy', 'config.json', revision='v7')")
    assert "has no revision 'v7'; it has main" in message
    for call in ("cached_file('ada/toi', 'config.json')", "has_file('ada/toi', 'x')", "list_files('ada/toi')"):
        message = fails(call)
        assert "'ada/toi' is neither a folder here nor a repository on" in message and "token=" in message
    assert "`owner/name`" in fails("cached_file('not a name!', 'config.json')")
    hub.add("bob/gated", {"config.json": "one"}, gated=True)
    message = fails("cached_file('bob/gated', 'config.json', token='secret')")
    assert "bob/gated" in message and "gated: ask for access" in message
    assert run("print(open(cached_file('bob/gated', 'config.json', token='other')).read())") == ["one"]
    message = fails("cached_file('ada/toy', 'config.json', token='forged')", home="empty")
    assert "refuses the token for ada/toy (status 401)" in message
    hub.broken = 503
    assert "force_download" in fails("cached_file('ada/toy', 'config.json', force_download=True)", HF_HUB_ETAG_TIMEOUT="1")


def test_private_repositories_need_a_token(hub, run, fails):
    hub.add("ada/own", {"config.json": "mine"}, private=True)
    read = "print(open(cached_file('ada/own', 'config.json'{})).read())"
    assert "if it is private, pass token=" in fails("cached_file('ada/own', 'config.json')")
    assert "neither a folder" in fails("cached_file('ada/own', 'config.json', token='other')")
    for given in (", token='secret'", ", use_auth_token='secret'"): assert run(read.format(given), home=given[2:5]) == ["mine"]
    assert run(read.format(""), home="env", HF_TOKEN="secret") == ["mine"]
    assert "neither a folder" in fails("cached_file('ada/own', 'config.json', token=False)", HF_TOKEN="secret")
    assert run("try: cached_file('a/b', 'c', token='x', use_auth_token='y')\nexcept ValueError as e: print(e)")[0].startswith("token and use_auth_token")


def test_old_arguments_and_progress_bars(hub, tmp_path):
    hub.add("ada/toy", {"model.safetensors": b"x" * 5000})
    def stderr(code):
        env = hub.env(tmp_path / code.split("#")[1], PYTHONPATH=str(Path(__file__).parents[1]), TQDM_POSITION="-1")     # bars also where there is no terminal
        return subprocess.run([sys.executable, "-c", HEAD + code], env=env, text=True, capture_output=True, check=True).stderr
    assert "100%" in stderr("cached_file('ada/toy', 'model.safetensors', resume_download=True) #one")
    quiet = "from transformers_lit.core.logging import disable_progress_bar as off; off(); "
    assert stderr(quiet + "cached_file('ada/toy', 'model.safetensors') #two") == ""
    assert "HTTPS_PROXY" in stderr(quiet + "cached_file('ada/toy', 'model.safetensors', proxies={'http': 'x'}) #three")


# ---- writing
def test_push_and_load_back(hub, run):
    code = """
        first = Thing().push_to_hub('toy', token='secret', private=True, tags=['tiny', 'test'], word='one')
        second = Thing().push_to_hub('ada/toy', token='secret', commit_message='better', commit_description='much', word='two', large=100)
        for revision in (None, first.oid): print(json.load(open(cached_file('ada/toy', 'config.json', revision=revision, token='secret')))['word'])
        print(os.path.getsize(cached_file('ada/toy', 'model.safetensors', token='secret')), second.oid)"""
    out = run(code, head=THING)
    repo = hub.repos["model", "ada/toy"]
    assert out == ["two", "one", f"100 {repo.branches['main']}"] and repo.private
    assert sorted(hub.files("ada/toy")) == ["README.md", "config.json", "model.safetensors"]
    card = hub.files("ada/toy")["README.md"].decode()
    assert "- tiny\n- test" in card and "ada/toy" in card
    assert [text for _, text in repo.history(repo.branches["main"])] == ["better", "Upload Thing", "initial commit"]


def test_a_push_is_one_commit_of_what_was_written(hub, run, tmp_path):
    folder = tmp_path / "work" / "toy"
    folder.mkdir(parents=True)
    (folder / "optimizer.pt").write_bytes(b"big")
    run(f"Thing().save_pretrained({str(folder)!r}, push_to_hub=True, token='secret')", head=THING)
    assert sorted(hub.files("ada/toy")) == ["README.md", "config.json", "model.safetensors"]
    assert len(hub.repos["model", "ada/toy"].commits) == 2 and not (folder / "README.md").exists()
    run(f"Thing().save_pretrained({str(folder)!r}, word='again', push_to_hub=True, token='secret', repo_id='ada/other', commit_message='m')", head=THING)
    assert json.loads(hub.files("ada/other")["config.json"]) == {"word": "again"}


def test_a_card_that_exists_is_kept(hub, run):
    hub.add("ada/toy", {"README.md": "---\nlicense: mit\ntags:\n- old\n---\n# Mine\n"})
    run("Thing().push_to_hub('ada/toy', token='secret')", head=THING)
    assert hub.files("ada/toy")["README.md"].decode().endswith("# Mine\n")
    run("Thing().push_to_hub('ada/toy', token='secret', tags=['new', 'old'])", head=THING)
    card = hub.files("ada/toy")["README.md"].decode()
    assert "license: mit" in card and card.count("- old") == 1 and "- new" in card and "# Mine" in card


def test_push_to_a_branch_and_as_a_proposal(hub, run):
    run("Thing().push_to_hub('ada/toy', token='secret', revision='dev', word='dev')", head=THING)
    assert "config.json" in hub.files("ada/toy", "dev") and "config.json" not in hub.files("ada/toy")
    out = run("print(Thing().push_to_hub('ada/toy', token='secret', create_pr=True, word='pr').pr_url)", head=THING)
    assert out == [f"{hub.url}/ada/toy/discussions/1"]
    assert json.loads(hub.files("ada/toy", "refs/pr/1")["config.json"]) == {"word": "pr"} and "config.json" not in hub.files("ada/toy")


def test_push_into_a_folder_that_stays(hub, run, tmp_path):
    (tmp_path / "toy").mkdir()
    run("Thing().push_to_hub('ada/toy', token='secret', use_temp_dir=False)", head=THING)
    assert (tmp_path / "toy" / "config.json").is_file() and "config.json" in hub.files("ada/toy")


def test_failing_pushes_send_nothing(hub, run):
    hub.add("bob/toy", {"a": "b"})
    code = """
        class Broken(PushToHubMixin):
            def save_pretrained(self, folder): Path(folder, 'half').write_text('x'); raise OSError('disk full')
        first_line(lambda: Thing().push_to_hub('ada/toy', token=False))
        first_line(lambda: Thing().push_to_hub('bob/toy', token='secret'))
        first_line(lambda: Thing().push_to_hub('ada/to y', token='secret'))
        first_line(lambda: Broken().push_to_hub('ada/broken', token='secret'))"""
    login, right, name, disk = run(code, head=THING)
    assert "cannot push to ada/toy" in login and "token that may write" in login
    assert "cannot push to bob/toy" in right and "no right" in right and "token that may write" in right
    assert "`owner/name`" in name and disk == "OSError: disk full"
    assert ("model", "ada/toy") not in hub.repos and hub.files("bob/toy") == {"a": b"b"} and hub.files("ada/broken") == {}


def test_import_is_light(run):
    code = "import sys, transformers_lit.core.hub; print([m for m in ('torch', 'huggingface_hub', 'tqdm', 'httpx2', 'yaml') if m in sys.modules])"
    assert run(code, head="") == ["[]"]
