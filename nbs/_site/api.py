"The reference entries of a page: signatures and parameter tables, read from the source of its exported cells."
import ast
import io
import re
import tokenize


def comments_of(source):
    "Line number -> the comment at the end of that line."
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def public(nodes):
    return [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.name[0] != "_"]


def text_of(node):
    return "" if node is None else ast.unparse(node)


def is_dataclass(node):
    return any("dataclass" in text_of(d) for d in node.decorator_list)


def fields_of(node, notes):
    "The fields of a dataclass as (name, type, default, comment)."
    return [(f.target.id, text_of(f.annotation), text_of(f.value), notes.get(f.end_lineno, ""))
            for f in node.body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)]


def params_of(function, notes):
    "The parameters of a function as (name, type, default, comment), without self and cls."
    a = function.args
    plain = a.posonlyargs + a.args
    defaults = [None] * (len(plain) - len(a.defaults)) + a.defaults
    rows = [("", p, d) for p, d in zip(plain, defaults)]
    if a.vararg: rows.append(("*", a.vararg, None))
    rows += [("", p, d) for p, d in zip(a.kwonlyargs, a.kw_defaults)]
    if a.kwarg: rows.append(("**", a.kwarg, None))
    last = {p.end_lineno: p.arg for _, p, _ in rows}                 # a comment belongs to the last parameter of its line
    return [(star + p.arg, text_of(p.annotation), text_of(d),
             notes.get(d.end_lineno if d else p.end_lineno, "") if last[p.end_lineno] == p.arg else "")
            for star, p, d in rows if p.arg not in ("self", "cls")]


def result_of(function, notes):
    "The type of the result and the comment behind it."
    if function.returns is None: return None
    row = (text_of(function.returns), notes.get(function.returns.end_lineno, ""))
    return row if row[1] or row[0] != "None" else None


def signature(name, rows, result=None):
    "One line for Sphinx; it breaks long ones by itself."
    shown = ", ".join(n + (f": {t}" if t else "") + (f"{' = ' if t else '='}{d}" if d else "") for n, t, d, _ in rows)
    return re.sub(r"\s+", " ", f"{name}({shown})" + (f" -> {result[0]}" if result and result[0] else ""))


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def table(rows, result=None):
    "The parameter table, empty if nobody has described a parameter."
    if not any(note for *_, note in rows) and not (result and result[1]): return ""
    lines = ["| parameter | default | what it is |", "|:--|:--|:--|"]
    lines += [f"| `{cell(n)}` | {f'`{cell(d)}`' if d else ''} | {cell(note)} |" for n, _, d, note in rows]
    if result and result[1]: lines.append(f"| *returns* | | {cell(result[1])} |")
    return "\n".join(lines)


def entry(kind, options, head, doc, body="", fence="```"):
    "A directive of Sphinx's Python domain."
    parts = [part for part in (doc, body) if part]
    return f"{fence}{{py:{kind}}} {head}\n" + "".join(f":{option}\n" for option in options) + "\n" + "\n\n".join(parts) + f"\n{fence}\n"


def class_entry(node, module, notes):
    init = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
    rows = fields_of(node, notes) if is_dataclass(node) and not init else params_of(init, notes) if init else []
    bases = ", ".join(f"`{text_of(b)}`" for b in node.bases)
    methods = [f for f in public(node.body) if not isinstance(f, ast.ClassDef) and ast.get_docstring(f)]
    inner = []
    for f in methods:
        flags = {text_of(d) for d in f.decorator_list}
        kind = "property" if "property" in flags else "method"
        rows_f, result = params_of(f, notes), result_of(f, notes)
        head = f.name if kind == "property" else signature(f.name, rows_f, result)
        options = [f"{flag}:" for flag in ("classmethod", "staticmethod") if flag in flags]
        inner.append(entry(kind, options, head, ast.get_docstring(f), table(rows_f, result)))
    body = "\n\n".join(filter(None, [f"Extends {bases}." if bases else "", table(rows), *inner]))
    head = signature(node.name, [] if len(rows) > 12 else rows)
    return entry("class", [f"module: {module}"], head, ast.get_docstring(node) or "", body, "````")


def function_entry(node, module, notes):
    rows, result = params_of(node, notes), result_of(node, notes)
    return entry("function", [f"module: {module}"], signature(node.name, rows, result), ast.get_docstring(node) or "", table(rows, result))


def entries(source, module):
    "Name -> Markdown of the reference entry, for everything public that `source` defines."
    notes = comments_of(source)
    make = lambda n: (class_entry if isinstance(n, ast.ClassDef) else function_entry)(n, module, notes)
    return {node.name: make(node) for node in public(ast.parse(source).body)}
