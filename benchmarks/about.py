"""Which machine, which versions: without them a figure says little."""

import json
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

NODE_MODULES: Final = Path(__file__).parent / "node_modules"
PYTHON_PACKAGES: Final = (
    "aiohttp",
    "graphql-core",
    "httpx",
    "orjson",
    "starlette",
    "strawberry-graphql",
    "uvicorn",
    "uvloop",
)
NODE_PACKAGES: Final = (
    "@apollo/server",
    "@tailcallhq/core-linux-x64-gnu",
    "fastify",
    "graphql",
    "graphql-yoga",
    "mercurius",
    "undici",
)


def describe(*, rounds: int, seconds: int, tls: bool) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": rounds,
        "seconds": seconds,
        "tls": tls,
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PYTHON_PACKAGES},
            "node": _said(["node", "--version"]),
            **{name: _node_version(name) for name in NODE_PACKAGES},
            "nginx": _said(["nginx", "-v"]),
            "wrk": _said(["wrk", "--version"]),
        },
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _node_version(name: str) -> str | None:
    file = NODE_MODULES / name / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.exists() else None


def _said(command: list[str]) -> str | None:
    """The version in what a program prints."""
    if shutil.which(command[0]) is None:
        return None
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else None
