"""The load: wrk, one thread, a fixed number of connections, each with one request at a time."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.server import NUMBER, Post

MARK: Final = "figures: "

# https://github.com/wg/wrk/blob/master/SCRIPTING
DONE: Final = f"""
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{MARK}{{"requests": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d, "late": %d}}\\n',
    summary.requests, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
"""


NUMBERING: Final = f"""
local number = FIRST
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, (wrk.body:gsub("{NUMBER}", string.format("%.0f", number))))
end
"""


class LoadError(Exception):
    """Requests failed under load."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. `refused`: answers that are no success; `broken`: lost connections; `late`: over the time limit."""

    requests: int
    bytes: int
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    late: int


def to_script(post: Post) -> str:
    headers = "\n".join(f"wrk.headers[{_quoted(name)}] = {_quoted(value)}" for name, value in post.headers.items())
    body = post.body.decode()
    numbering = NUMBERING.replace("FIRST", str(time.time_ns() // 1000)) if NUMBER in body else ""
    return f'wrk.method = "POST"\nwrk.body = {_quoted(body)}\n{headers}\n{numbering}{DONE}'


def _quoted(text: str) -> str:
    """A Lua string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def start(url: str, script: Path, *, connections: int, seconds: int) -> subprocess.Popen[str]:
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "60s"]
    return subprocess.Popen(
        ["wrk", *options, "--script", str(script), url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def to_load(said: str) -> Load:
    """From what wrk printed."""
    line = next((line for line in said.splitlines() if line.startswith(MARK)), None)
    if line is None:
        raise LoadError(f"wrk says: {said.strip()[-500:]}")
    figures: Mapping[str, int] = json.loads(line.removeprefix(MARK))
    return Load(
        figures["requests"],
        figures["bytes"],
        figures["p50_us"] / 1000,
        figures["p99_us"] / 1000,
        figures["refused"],
        figures["broken"],
        figures["late"],
    )
