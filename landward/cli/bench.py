"""`landward bench`: measure what Landward claims."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import tyro

import landward
from landward.errors import LandwardError


@dataclasses.dataclass
class Bench:
    """Measure every claim of Landward on this machine and rewrite docs/benchmarks.md.

    Needs a checkout of the repository, where the scripts lie in benchmarks/.

    Examples:
        landward bench --quick
        landward bench policy_latency
    """

    names: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Benchmarks to run; all when none is named."""
    quick: bool = False
    """Take under a minute for each, with noisier numbers; docs/benchmarks.md stays as it is."""

    def run(self) -> int:
        """Run them; 0 where every claim holds."""
        root = Path(landward.__file__).resolve().parent.parent
        if not (root / "benchmarks" / "run_all.py").is_file():
            raise LandwardError(
                f"no benchmarks beside {root / 'landward'}: they are in the repository, not in the installed "
                "package; run `make bench` in a checkout"
            )
        words = [*self.names, *(["--quick"] if self.quick else [])]
        done = subprocess.run([sys.executable, "-m", "benchmarks.run_all", *words], cwd=root, check=False)
        return done.returncode
