"""A small hub on loopback: enough of the Hugging Face protocol for `huggingface_hub`, from the standard library.

    with Hub(users={"secret": "ada"}) as hub:
        first = hub.add("ada/toy", {"config.json": b"{}"})        # a commit; its id is returned
        subprocess.run([...], env=hub.env(home))                  # a client with its own cache
        hub.requests                                              # what it asked for: [(method, path, status), ...]
"""
import base64
import contextlib
import hashlib
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = re.compile(r".*\.(safetensors|bin|pt|gguf|msgpack|h5)$")    # these go through git-lfs
VERBS = "revision tree refs commits paths-info preupload commit branch tag settings".split()


class Refused(Exception):
    "An answer that is not 200: status, error code, message."
    def __init__(self, status, code="", message="", **body):
        super().__init__(message)
        self.status, self.body = status, {"error": message, **body}
        self.headers = {k: v for k, v in {"X-Error-Code": code, "X-Error-Message": message}.items() if v}


def blob_id(data):
    "The name git gives to this content."
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repo:
    "Commits (id -> files), and branches and tags (name -> commit id)."
    def __init__(self, owner, private=False, gated=False):
        self.owner, self.private, self.gated, self.allowed = owner, private, gated, {owner}
        self.commits, self.messages, self.branches, self.tags, self.pulls = {}, {}, {}, {}, {}
        self.branches["main"] = self.commit({}, "initial commit", None)

    def commit(self, files, message, parent):
        number = str((len(self.commits), message, sorted((k, blob_id(v)) for k, v in files.items())))
        oid = hashlib.sha1(number.encode()).hexdigest()
        self.commits[oid], self.messages[oid] = files, (message, parent)
        return oid

    def resolve(self, revision):
        for names in (self.branches, self.tags, self.pulls):
            if revision in names: return names[revision]
        if revision in self.commits: return revision
        raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def history(self, oid):
        while oid:
            message, oid, this = *self.messages[oid], oid
            yield this, message


class Hub:
    "The server: repositories, users by token, a log of requests, and a switch that makes it fail."
    def __init__(self, users=None):
        self.users, self.repos, self.large, self.requests, self.broken = dict(users or {}), {}, {}, [], None
        self.lock = threading.RLock()

    def __enter__(self):
        hub = self
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *exc):
        self.server.shutdown(); self.server.server_close(); self.thread.join()

    def add(self, name, files, message="add files", branch="main", kind="model", **rights):
        "Commit files (path -> bytes or text) to a repository that is made when it is new; the commit's id."
        key = kind, name
        if key not in self.repos: self.repos[key] = Repo(name.split("/")[0], **rights)
        repo = self.repos[key]
        parent = repo.branches.get(branch, repo.branches["main"])
        new = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
        repo.branches[branch] = repo.commit({**repo.commits[parent], **new}, message, parent)
        return repo.branches[branch]

    def add_folder(self, name, folder, **rights):
        "Commit every file of a folder."
        paths = [p for p in Path(folder).rglob("*") if p.is_file()]
        return self.add(name, {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}, **rights)

    def files(self, name, revision="main", kind="model"):
        "The files of a revision: path -> bytes."
        repo = self.repos[kind, name]
        return repo.commits[repo.resolve(revision)]

    def env(self, home, **more):
        "The environment of a client whose cache is the folder `home`."
        drop = ("HF_", "HUGGING", "TRANSFORMERS_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        ours = dict(HF_ENDPOINT=self.url, HF_HOME=str(home), HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_IMPLICIT_TOKEN="0")
        return {**clean, **ours, **more}

    @contextlib.contextmanager
    def watch(self):
        "A list that holds, afterwards, the requests made inside the block."
        start, seen = len(self.requests), []
        yield seen
        seen += self.requests[start:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub = None

    def log_message(self, *args): pass

    def serve(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(url.query).items()}
        try:
            if self.hub.broken: raise Refused(self.hub.broken, message="out of order")
            with self.hub.lock: data, headers = self.route(url.path)
            status = 200
        except Refused as refusal:
            status, headers = refusal.status, refusal.headers
            data = json.dumps(refusal.body).encode()
        self.hub.requests.append((self.command, self.path, status))
        self.send_response(status)
        for key, value in headers.items(): self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve

    # who asks, and what may they see
    def user(self, needed=False):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
        if token and token not in self.hub.users: raise Refused(401, message="Invalid credentials in Authorization header")
        if needed and not token: raise Refused(401, message="Log in first")
        return self.hub.users.get(token)

    def repo(self, kind, name, write=False):
        user, repo = self.user(), self.hub.repos.get((kind, name))
        if repo is None or (repo.private and user not in repo.allowed):
            raise Refused(404 if user else 401, "RepoNotFound", "Repository not found")
        if write and user != repo.owner: raise Refused(403 if user else 401, message=f"You have no right to write to {name}")
        return repo

    def route(self, path):
        "(bytes, headers) of the answer."
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if "resolve" in parts: return self.resolve(parts)
        if path == "/api/whoami-v2": return self.json({"type": "user", "name": self.user(needed=True), "orgs": [], "auth": {}})
        if path == "/api/validate-yaml": return self.json({"errors": [], "warnings": []})
        if path == "/api/repos/create": return self.create()
        if path.endswith(".git/info/lfs/objects/batch"): return self.lfs_batch()
        if parts[0] == "lfs" and self.command == "PUT": return self.lfs_put(parts[1])
        if parts[0] == "api" and parts[1] in ("models", "datasets", "spaces"): return self.api(parts[1][:-1], parts[2:])
        raise Refused(404, message=f"no such page: {path}")

    def json(self, value): return json.dumps(value).encode(), {"Content-Type": "application/json"}

    # reading
    def resolve(self, parts):
        kind = parts.pop(0)[:-1] if parts[0] in ("datasets", "spaces") else "model"
        at = parts.index("resolve")
        name, revision, file = "/".join(parts[:at]), parts[at + 1], "/".join(parts[at + 2:])
        repo = self.repo(kind, name)
        if repo.gated and self.user() not in repo.allowed:
            raise Refused(403 if self.user() else 401, "GatedRepo", f"Access to {name} is restricted")
        oid = repo.resolve(revision)
        data = repo.commits[oid].get(file)
        if data is None:
            refusal = Refused(404, "EntryNotFound", "Entry not found")
            refusal.headers["X-Repo-Commit"] = oid
            raise refusal
        headers = {"X-Repo-Commit": oid, "ETag": f'"{blob_id(data)}"', "Content-Type": "application/octet-stream"}
        if LARGE.match(file): headers |= {"X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        return data, headers

    def api(self, kind, parts):
        at = next((i for i, part in enumerate(parts) if i in (1, 2) and part in VERBS), len(parts))
        name, verb, rest = "/".join(parts[:at]), (parts[at:at + 1] or ["revision"])[0], parts[at + 1:]
        repo = self.repo(kind, name, write=verb in ("preupload", "commit", "branch", "tag"))
        revision = rest[0] if rest else "main"
        answer = getattr(self, "api_" + verb.replace("-", "_"))(repo, name, revision, "/".join(rest[1:]))
        return self.json(answer)

    def entry(self, path, data):
        entry = {"type": "file", "path": path, "size": len(data), "oid": blob_id(data)}
        if LARGE.match(path): entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return entry

    def api_revision(self, repo, name, revision, _):
        oid = repo.resolve(revision)
        return {"id": name, "modelId": name, "sha": oid, "private": repo.private, "gated": "manual" if repo.gated else False,
                "tags": [], "downloads": 0, "likes": 0, "siblings": [{"rfilename": path} for path in sorted(repo.commits[oid])]}

    def api_tree(self, repo, name, revision, folder):
        files = repo.commits[repo.resolve(revision)]
        inside = {p: d for p, d in sorted(files.items()) if not folder or p.startswith(folder + "/")}
        if folder and not inside: raise Refused(404, "EntryNotFound", f"{folder} does not exist")
        return [self.entry(p, d) for p, d in inside.items()]

    def api_refs(self, repo, name, revision, _):
        listed = lambda names, kind: [{"name": n, "ref": f"refs/{kind}/{n}", "targetCommit": oid} for n, oid in names.items()]
        return {"branches": listed(repo.branches, "heads"), "tags": listed(repo.tags, "tags"), "converts": []}

    def api_commits(self, repo, name, revision, _):
        return [{"id": oid, "title": text, "message": "", "authors": [{"user": repo.owner}], "date": "2024-01-01T00:00:00.000Z"}
                for oid, text in repo.history(repo.resolve(revision))]

    def api_paths_info(self, repo, name, revision, _):
        files = repo.commits[repo.resolve(revision)]
        return [self.entry(p, files[p]) for p in json.loads(self.body)["paths"] if p in files]

    # writing
    def create(self):
        asked, user = json.loads(self.body), self.user(needed=True)
        kind, name = asked.get("type") or "model", f"{asked.get('organization') or user}/{asked['name']}"
        if (asked.get("organization") or user) != user: raise Refused(403, message=f"You have no right to create {name}")
        url = f"{self.hub.url}/{'' if kind == 'model' else kind + 's/'}{name}"
        if (kind, name) in self.hub.repos: raise Refused(409, message="You already created this repo", url=url)
        self.hub.repos[kind, name] = Repo(user, private=bool(asked.get("private") or asked.get("visibility") == "private"))
        return self.json({"url": url, "name": name})

    def api_branch(self, repo, name, branch, _):
        if branch in repo.branches: raise Refused(409, message="Reference already exists")
        start = json.loads(self.body or b"{}").get("startingPoint") or "main"
        repo.branches[branch] = repo.resolve(start)
        return {}

    def api_tag(self, repo, name, revision, _):
        repo.tags[json.loads(self.body)["tag"]] = repo.resolve(revision)
        return {}

    def api_preupload(self, repo, name, revision, _):
        files = repo.commits[repo.resolve(revision)]
        def answer(asked):
            path, old = asked["path"], files.get(asked["path"])
            mode = "lfs" if LARGE.match(path) else "regular"
            oid = None if old is None else hashlib.sha256(old).hexdigest() if mode == "lfs" else blob_id(old)
            return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid}
        return {"files": [answer(asked) for asked in json.loads(self.body)["files"]]}

    def api_commit(self, repo, name, revision, _):
        lines = [json.loads(line) for line in self.body.splitlines() if line]
        parent = repo.resolve(revision)
        files, header = dict(repo.commits[parent]), lines[0]["value"]
        if header.get("parentCommit", parent) != parent: raise Refused(412, message="A commit has happened since")
        for key, value in ((line["key"], line["value"]) for line in lines[1:]):
            if key == "file": files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile" and value["oid"] in self.hub.large: files[value["path"]] = self.hub.large[value["oid"]]
            elif key == "deletedFile": files.pop(value["path"])
            elif key == "deletedFolder": files = {p: d for p, d in files.items() if not p.startswith(value["path"].rstrip("/") + "/")}
            else: raise Refused(400, message=f"cannot commit {key} {value.get('path')}")
        oid = repo.commit(files, header["summary"], parent)
        answer = {"commitUrl": f"{self.hub.url}/{name}/commit/{oid}", "commitOid": oid}
        if self.query.get("create_pr"):
            number = len(repo.pulls) + 1
            repo.pulls[f"refs/pr/{number}"] = oid
            answer["pullRequestUrl"] = f"{self.hub.url}/{name}/discussions/{number}"
        elif revision in repo.pulls: repo.pulls[revision] = oid
        else: repo.branches[revision] = oid
        return answer

    def lfs_batch(self):
        self.user(needed=True)
        def answer(asked):
            upload = {"upload": {"href": f"{self.hub.url}/lfs/{asked['oid']}"}}
            return asked if asked["oid"] in self.hub.large else {**asked, "actions": upload}
        return self.json({"transfer": "basic", "objects": [answer(asked) for asked in json.loads(self.body)["objects"]]})

    def lfs_put(self, oid):
        if hashlib.sha256(self.body).hexdigest() != oid: raise Refused(400, message="the content does not match its hash")
        self.hub.large[oid] = self.body
        return b"", {}
