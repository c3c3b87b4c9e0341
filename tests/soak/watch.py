"""What a gateway process amounts to at a moment: memory, descriptors, threads and caches."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

CACHE: Final = re.compile(r'^gateway_cache_entries\{cache="(\w+)"\} (\S+)$', re.MULTILINE)
RUNNING: Final = re.compile(r"^gateway_operations_running (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """`probe_seconds`: how long the emulator took for a trifle, which tells how busy the machine is."""

    moment: float
    memory_bytes: int
    descriptors: int
    threads: int
    caches: dict[str, int]
    running: int
    cpu_seconds: float
    probe_seconds: float


@dataclass(frozen=True)
class Watcher:
    """`metrics_url` is that of the gateway's metrics, `probe_url` a trifle of the emulator's, which meets no fault."""

    pid: int
    session: aiohttp.ClientSession
    metrics_url: str
    probe_url: str

    async def sample(self) -> Sample:
        async with self.session.get(self.metrics_url) as response:
            metrics = await response.text()
        started = time.monotonic()
        async with self.session.get(self.probe_url) as response:
            await response.read()
        probe_seconds = time.monotonic() - started
        process = Path("/proc") / str(self.pid)
        status = (process / "status").read_text(encoding="utf-8")
        [kilobytes] = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        [threads] = re.findall(r"^Threads:\s+(\d+)$", status, re.MULTILINE)
        [running] = RUNNING.findall(metrics)
        return Sample(
            time.monotonic(),
            int(kilobytes) * 1024,
            len(list((process / "fd").iterdir())),
            int(threads),
            {name: int(float(value)) for name, value in CACHE.findall(metrics)},
            int(float(running)),
            _cpu_seconds((process / "stat").read_text(encoding="utf-8")),
            probe_seconds,
        )


def _cpu_seconds(stat: str) -> float:
    """In user mode and in the kernel; after the name, which may have anything in it. See proc_pid_stat(5)."""
    fields = stat.rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
