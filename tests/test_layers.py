"""Who may import whom: each file of the gateway imports only from its own row or from lower ones."""

import ast
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gateway"

ROWS: Mapping[str, int] = {
    "gateway": 0,
    "gateway.__main__": 11,
    "gateway.cli": 11,
    "gateway.commands": 11,
    "gateway.server": 11,
    "gateway.protocol": 11,
    "gateway.tracing": 11,
    "gateway.tools": 11,
    "gateway.app": 10,
    "gateway.callers": 10,
    "gateway.endpoint": 9,
    "gateway.page": 9,
    "gateway.params": 9,
    "gateway.presence": 9,
    "gateway.responses": 9,
    "gateway.health": 9,
    "gateway.execution": 8,
    "gateway.schema": 7,
    "gateway.trusted": 7,
    "gateway.documents": 6,
    "gateway.manifests": 0,
    "gateway.limits": 5,
    "gateway.literals": 5,
    "gateway.mapping": 4,
    "gateway.cursors": 4,
    "gateway.idempotency": 3,
    "gateway.budgets": 3,
    "gateway.admission": 3,
    "gateway.graph": 2,
    "gateway.auth": 2,
    "gateway.state": 2,
    "gateway.resources": 1,
    "gateway.emulator": 1,
    "gateway.errors": 0,
    "gateway.spans": 0,
    "gateway.telemetry": 0,
    "gateway.seals": 0,
    "gateway.settings": 0,
    "gateway.setting_types": 0,
    "gateway.tls": 0,
    "gateway.clock": 0,
    "gateway.ids": 0,
    "gateway.instants": 0,
    "gateway.logs": 0,
}
"""File or package → row. A package's row holds for all files in it."""

GRAPHQL_ONLY = range(5, 9)
HTTP_LIBRARIES = ("starlette", "httpx", "aiohttp")
EMULATOR_MAY_IMPORT = ("gateway.emulator", "gateway.resources", "starlette", "jwt", "cryptography", "uvicorn")
SETTINGS_READERS = (
    "gateway.app",
    "gateway.callers",
    "gateway.cli",
    "gateway.commands",
    "gateway.server",
    "gateway.tools",
    "gateway.tracing",
)
"""Everything below them takes plain values; `tracing` needs the error alone."""

MOST_LINES = 400
MOST_LINES_WITHOUT_A_REASON = 300
REASON = "Long because "

Sources = Mapping[str, str]
"""Module name → source text."""


def read_sources() -> Sources:
    return {_module(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)


def row_of(module: str) -> int | None:
    """The row of the file, or of the package that it is in."""
    owners = [each for each in ROWS if each != "gateway" and is_in(module, [each])]
    return ROWS[owners[0]] if owners else ROWS.get(module)


def imports(sources: Sources) -> list[tuple[str, str]]:
    """All pairs of importing and imported module, wherever in the file the import stands."""
    pairs: list[tuple[str, str]] = []
    for module, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                pairs += [(module, each.name) for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: imports are absolute"
                parent = node.module or ""
                inner = [f"{parent}.{each.name}" for each in node.names]
                pairs += [
                    (module, each if parent == "gateway" and row_of(each) is not None else parent) for each in inner
                ]
    return pairs


def find_violations(sources: Sources) -> list[str]:
    return sorted({f"{a} imports {b}" for a, b in imports(sources) if not _is_allowed(a, b)})


def _is_allowed(importer: str, imported: str) -> bool:
    if is_in(importer, ["gateway.emulator"]):
        return is_in(imported, EMULATOR_MAY_IMPORT) or imported.partition(".")[0] in sys.stdlib_module_names
    row = row_of(importer)
    assert row is not None, importer
    if not is_in(imported, ["gateway"]):
        return row not in GRAPHQL_ONLY or not is_in(imported, HTTP_LIBRARIES)
    if is_in(imported, ["gateway.emulator"]):
        return importer == "gateway.commands.trial"
    if imported == "gateway.settings":
        return is_in(importer, SETTINGS_READERS)
    if {importer.split(".")[1], imported.split(".")[1:2].pop() if "." in imported else ""} == {"graph", "auth"}:
        return False
    imported_row = row_of(imported)
    return imported_row is not None and imported_row <= row


def test_every_file_has_a_row() -> None:
    """A new file is given its place here before anything else."""
    assert [module for module in read_sources() if row_of(module) is None] == []


def test_no_file_imports_from_a_higher_row() -> None:
    """The layers hold, in the whole package."""
    assert find_violations(read_sources()) == []


@pytest.mark.parametrize(
    ("module", "source", "violation"),
    [
        pytest.param("gateway.limits", "import gateway.documents", "gateway.documents", id="a higher row"),
        pytest.param("gateway.limits", "from gateway import app", "gateway.app", id="from the package"),
        pytest.param(
            "gateway.errors", "def f():\n    import gateway.graph.client", "gateway.graph.client", id="inside"
        ),
        pytest.param(
            "gateway.graph.client", "from gateway.auth.bearer import X", "gateway.auth.bearer", id="Graph, auth"
        ),
        pytest.param("gateway.auth.keys", "import gateway.graph.client", "gateway.graph.client", id="auth, Graph"),
        pytest.param("gateway.endpoint", "import gateway.settings", "gateway.settings", id="settings"),
        pytest.param("gateway.app", "import gateway.emulator.app", "gateway.emulator.app", id="emulator"),
        pytest.param("gateway.emulator.app", "import gateway.errors", "gateway.errors", id="emulator's own imports"),
        pytest.param("gateway.emulator.app", "import httpx", "httpx", id="emulator's libraries"),
        pytest.param("gateway.schema.build", "import starlette.requests", "starlette.requests", id="HTTP server"),
        pytest.param("gateway.limits", "from httpx import Client", "httpx", id="HTTP client"),
    ],
)
def test_a_breach_is_found(module: str, source: str, violation: str) -> None:
    """Each rule finds what breaks it."""
    assert find_violations({module: source}) == [f"{module} imports {violation}"]


def test_what_is_allowed_is_not_reported() -> None:
    """A row's own files and all lower rows may be imported, by the emulator only resources and its libraries."""
    assert (
        find_violations(
            {
                "gateway.app": "import starlette, httpx, gateway.settings\nfrom gateway import __version__, endpoint",
                "gateway.commands.trial": "import gateway.emulator.app",
                "gateway.endpoint": "from gateway.auth.bearer import X\nfrom gateway.params import Y",
                "gateway.graph.client": "from gateway.graph.answer import X",
                "gateway.mapping.body": "from gateway.graph.request import X",
                "gateway.emulator.app": "import json, os.path, jwt, starlette.routing\nimport gateway.resources.spec",
            }
        )
        == []
    )


def test_packages_export_nothing() -> None:
    """An `__init__.py` holds a docstring, the topmost one also the version; each object has one import path."""
    for path in PACKAGE.rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        rest = [ast.unparse(each) for each in tree.body[1:]]
        assert ast.get_docstring(tree), path
        assert all(path.parent == PACKAGE and each.startswith("__version__ = ") for each in rest), path


def test_files_stay_small() -> None:
    """No file is over 400 lines, and one over 300 says in its docstring why."""
    for module, source in read_sources().items():
        count = len(source.splitlines())
        reason = REASON in (ast.get_docstring(ast.parse(source)) or "")
        assert count <= (MOST_LINES if reason else MOST_LINES_WITHOUT_A_REASON), f"{module}: {count} lines"
