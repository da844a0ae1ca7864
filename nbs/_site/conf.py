"How Sphinx renders the book."
from configparser import ConfigParser
from pathlib import Path

HERE = Path(__file__).parent
ASSETS = HERE.parents[1]/"build/assets"
ini = ConfigParser(delimiters=["="])
ini.read(HERE.parents[1]/"settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]

project, author, copyright, release = cfg["title"], cfg["author"], cfg["copyright"], cfg["version"]
extensions = ["myst_nb", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "tasklist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {"embed.js": {}}
nb_render_image_options = {}
suppress_warnings = ["mystnb.unknown_mime_type"]
exclude_patterns = ["**/.ipynb_checkpoints"]

add_module_names = False
python_maximum_signature_line_length = 72
python_use_unqualified_type_names = True
toc_object_entries = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static", str(ASSETS)]
html_css_files = ["book.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False          # it would need a server; search itself works from the files
html_theme_options = dict(
    logo={"text": project}, show_navbar_depth=1, max_navbar_depth=4, show_toc_level=2, home_page_in_toc=False,
    use_download_button=False, use_fullscreen_button=False, use_repository_button=False, use_source_button=False,
    toc_title="On this page", pygments_light_style="github-light", pygments_dark_style="github-dark",
    navbar_persistent=[], footer_content_items=["copyright.html"])
html_context = {"default_mode": "auto"}

mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"scale": 0.97}}
