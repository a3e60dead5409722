"""Which of Isaac Lab's tasks an asset root unlocks; runs in Isaac Lab's environment, without its simulator.

    ISAACSIM_ASSET_ROOT=FOLDER python -m sims.isaaclab.asset_tasks

prints a JSON object: the name of a registered task -> the files that it lacks, relative to the root, and the
addresses of those that it loads from elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from sims.isaaclab.assets import ROOT_VARIABLE, missing_assets, remote_assets


def tasks_and_needs(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Every registered task with the files that its configuration names and that are not below `folder`.

    Args:
        folder: the value of ROOT_VARIABLE when this process imported Isaac Lab.

    Returns:
        Task -> "missing", files below the root that are not there, and "remote", addresses.
    """
    gymnasium = importlib.import_module("gymnasium")
    importlib.import_module("isaaclab_tasks")
    parse: Any = importlib.import_module("isaaclab_tasks.utils").parse_env_cfg
    names = sorted(name for name, spec in gymnasium.registry.items() if "env_cfg_entry_point" in spec.kwargs)
    needs = {}
    for name in names:
        cfg = parse(name, device="cpu", num_envs=1)
        needs[name] = {"missing": missing_assets(cfg, folder), "remote": remote_assets(cfg)}
    return needs


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # Isaac Lab prints what it reads; the answer alone goes to stdout.
    with contextlib.redirect_stdout(sys.stderr):
        answer = tasks_and_needs(Path(os.environ[ROOT_VARIABLE]))
    print(json.dumps(answer))
