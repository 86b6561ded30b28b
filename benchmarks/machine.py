"""The machine on which a benchmark ran, in a few words each."""

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

PAGE = bytes(4096)


def describe(folder: Path) -> dict[str, str]:
    """Return what decides the figures: processor, memory, system, disk."""
    return {
        "Processor": f"{os.cpu_count()} cores, {_processor()}",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "File system": _file_system(folder),
    }


def burden(folder: Path) -> str:
    """Return how busy the machine and its disk are now, in words."""
    loads = " ".join(f"{each:.2f}" for each in os.getloadavg())
    return f"load averages {loads}; {_flush_time(folder):.2f} ms to flush 4 KiB to the disk"


def _flush_time(folder: Path) -> float:
    took = []
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(200):
            began = time.perf_counter()
            file.write(PAGE)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(folder: Path) -> str:
    command = ["df", "--output=fstype", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.split() or ["unknown"])[-1]
