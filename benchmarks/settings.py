"""How long a long list of subscribers takes to load, and how that grows: `--quick` stops at 1,000 readers."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from newsletter.config import load

HEAD = """newsletter: {name: Daily Papers, from: "papers@example.org"}
sources:
  - arxiv: {categories: [cs.LG]}
subscribers:
"""
READER = """  - email: reader%d@example.org
    name: Reader
    send_at: "07:30"
    timezone: Europe/Paris
    max_papers: 9
    interests:
      - diffusion models
      - name: compilers
        keywords: [MLIR, LLVM]
      - cs.PL
    exclude: [blockchain]
"""


def seconds(readers: int) -> float:
    """Return the CPU seconds of loading a file of so many subscribers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subscribers.yaml"
        path.write_text(HEAD + "".join(READER % number for number in range(readers)), encoding="utf-8")
        begin = time.process_time()
        assert len(load(path, environment={}).subscribers) == readers
        return time.process_time() - begin


def main() -> int:
    """Print a row per size, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    sizes = (250, 500, 1000) if parser.parse_args().quick else (250, 500, 1000, 2000, 4000)
    seconds(10)  # what is imported once is not the list's cost
    found = {size: seconds(size) for size in sizes}
    per_reader = found[sizes[0]] / sizes[0]
    print(f"{'subscribers':>12}{'CPU s':>8}{'per reader, × the first':>26}")
    for size, took in found.items():
        print(f"{size:>12}{took:>8.2f}{took / size / per_reader:>26.2f}")
    print(json.dumps({"cpu_seconds": {str(size): round(took, 3) for size, took in found.items()}}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
