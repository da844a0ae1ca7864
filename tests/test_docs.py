"The documentation as a reader meets it: built from the notebooks, opened from its files in headless Chromium."
import fcntl
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync").split()


class Anchors(HTMLParser):
    "The ids and the links of a page, and what it loads."
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs[k] for k in ("id", "name") if attrs.get(k)}
        if tag == "a" and attrs.get("href"): self.links.append(attrs["href"])
        if tag in ("script", "img", "iframe", "source") and attrs.get("src"): self.loads.append(attrs["src"])
        if tag == "link" and attrs.get("rel") in ("stylesheet", "preload", "icon"): self.loads.append(attrs["href"])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    "The site, built once for all workers of a test run."
    out, shared = ROOT/"build/docs", tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ: shared = shared.parent
    with open(shared/"docs.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared/"docs.built").exists():
            built = subprocess.run([sys.executable, ROOT/"nbs/_site/build.py", out], capture_output=True, text=True)
            assert built.returncode == 0, built.stdout + built.stderr
            (shared/"docs.built").touch()
    return out


@pytest.fixture(scope="session")
def pages(site):
    return {path: Anchors(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if "_static" not in path.parts}


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.fail("The documentation is tested in Chromium, which is not installed. Install it (Debian: apt-get install "
                    "chromium) and run the tests again.", pytrace=False)
    from playwright.sync_api import sync_playwright
    with sync_playwright() as play:
        window = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield window
        window.close()


@pytest.fixture
def visit(browser, site, tmp_path):
    "Opens a page; when the test ends, no page may have complained or asked another host for anything."
    complaints, views = [], []

    def view(name, scheme="light", width=1440):
        page = browser.new_page(viewport=dict(width=width, height=1000), color_scheme=scheme)
        page.on("console", lambda m: complaints.append(f"{name}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(f"{name}: {e}"))
        page.on("requestfailed", lambda r: complaints.append(f"{name}: {r.url} failed") if r.failure != "net::ERR_ABORTED" else None)
        page.on("request", lambda r: complaints.append(f"{name}: asked for {r.url}")
                if not r.url.startswith(("file:", "data:", "blob:", "about:")) else None)
        file, _, query = name.partition("?")
        page.goto((site/file).as_uri() + (f"?{query}" if query else ""))
        views.append(page)
        return page

    yield view
    for number, page in enumerate(views):
        page.screenshot(path=tmp_path/f"{number}.png")
        assert (tmp_path/f"{number}.png").stat().st_size > 10_000, "an empty picture"
        page.close()
    assert complaints == []


def notebook_pages():
    for top, prefix in (("nbs", ""), ("tutorials", "tutorials/")):
        for path in sorted((ROOT/top).rglob("*.ipynb")):
            relative = path.relative_to(ROOT/top)
            if not any(part[0] in "._" for part in relative.parts): yield prefix + relative.with_suffix(".html").as_posix()


def example_page():
    "A page of an architecture, or of a layer while there is none."
    names = list(notebook_pages())
    return next((n for n in names if n.startswith("models/text/")), next(n for n in names if n.startswith("layers/")))


def test_every_notebook_is_a_page_in_the_contents(site, pages):
    front = pages[site/"index.html"]
    for name in notebook_pages():
        assert site/name in pages, f"{name} was not rendered"
        assert name == "index.html" or name in {link.split("#")[0] for link in front.links}, f"{name} is missing in the contents"


def test_no_link_is_broken(site, pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc: continue
            target = (path.parent/unquote(url.path)).resolve() if url.path else path
            if not target.exists(): broken.append(f"{path.relative_to(site)}: {link}")
            elif url.fragment and target in pages and unquote(url.fragment) not in pages[target].ids:
                broken.append(f"{path.relative_to(site)}: {link} (no such place on the page)")
    warnings = (ROOT/"build/docs-warnings.txt").read_text(encoding="utf-8")
    broken += re.findall(r"^.*cross-reference target not found.*$", warnings, re.M)
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site, pages):
    remote = [f"{path.relative_to(site)}: {url}" for path, page in pages.items() for url in page.loads
              if url.startswith(("http:", "https:", "//"))]
    assert remote == []


def test_the_front_page_opens(visit, site):
    page = visit("index.html")
    assert page.locator("article h1").first.inner_text().startswith("transformers_lit")
    page.locator("nav.bd-links a", has_text="Layers").first.click()
    page.wait_for_url("**/layers/index.html")
    assert page.locator(".contents-list li").count() > 3


@pytest.mark.parametrize("scheme, width", [("light", 1440), ("dark", 1440), ("light", 400)])
def test_a_page_opens(visit, scheme, width):
    page = visit(example_page(), scheme, width)
    page.wait_for_function("document.fonts.ready.then(fonts => fonts.size > 0)")
    assert page.locator("article h1").count() == 1 and page.locator(".lede").count() == 1
    assert page.locator("div.cell_input pre").count() > 3 and page.locator("div.cell_output").count() > 0
    assert page.locator("dl.py dt.sig").count() > 0, "no reference entries"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), "the page scrolls sideways"


def test_formulas_are_rendered(visit):
    page = visit("notation.html")
    page.wait_for_selector("mjx-container svg", state="attached")
    assert page.locator("mjx-container[display=true] svg path").count() > 10
    assert page.locator("mjx-merror").count() == 0 and "\\frac" not in page.locator("article").inner_text()


def test_a_folded_cell_opens(visit, site, pages):
    name = next(path.relative_to(site) for path in pages if 'details class="admonition hide' in path.read_text(encoding="utf-8"))
    page = visit(str(name))
    fold = page.locator("details.hide").first
    assert not fold.locator("div.cell_input").is_visible()
    fold.locator("summary").click()
    assert fold.locator("div.cell_input").is_visible()


def test_the_attention_viewer_works_without_python(visit):
    page = visit("book/viewer.html")
    page.wait_for_selector(".widget-slider .noUi-handle")
    seen = []
    for handle in (None, 1, 0):                               # as it opens; the next head; the next layer
        if handle is not None:
            page.locator(".widget-slider .noUi-handle").nth(handle).focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(300)
        assert page.locator("img.widget-image").count() == 1
        seen.append(page.locator("img.widget-image").screenshot())
    assert len(set(seen)) == 3


def test_search_finds(visit):
    page = visit("search.html?q=softmax")
    page.wait_for_selector("#search-results li a:has-text('Notation')")     # hits appear one after the other


def test_search_finds_a_name(visit):
    page = visit("search.html?q=causal_mask")
    page.wait_for_selector("#search-results li a[href*='transformers_lit']")
    page.locator("#search-results li a[href*='transformers_lit']").first.click()
    page.wait_for_selector("dt.sig")
    assert "causal_mask" in page.url
