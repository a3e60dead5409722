"""Isaac Lab's runtime: imported, configured and launched, one backend a process.

Newton and ovphysx run without Kit, so launching them starts nothing; Kit starts where the task needs it (a
Kit renderer, Isaac Sim's PhysX, `--viz kit`) and Isaac Sim is installed. What was launched lives as long as
the process: environments come and go within it.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from landward.errors import LandwardError, RegistryError
from sims.isaaclab.assets import require_asset_root, require_assets

INSTALL = "run make setup-isaaclab in a checkout, then use .venv-isaaclab/bin/landward"
PRESETS = {"isaaclab-newton": "newton_mjwarp", "isaaclab-physx": "physx", "task": ""}
"""Engine -> Isaac Lab's name of the physics preset; "physx" is Isaac Lab's choice of ovphysx or Kit's."""
AGENT = "rsl_rl_cfg_entry_point"
"""Key under which a task registers its configuration of rsl_rl."""

_launched: list[str] = []
"""The runtime of this process, once there is one."""
_open = contextlib.ExitStack()


def require_isaaclab() -> None:
    """Have Isaac Lab importable, with an asset root.

    Raises:
        LandwardError: not installed here, or without assets; the message says what to do.
    """
    if importlib.util.find_spec("isaaclab") is None:
        raise LandwardError(f"'isaaclab' is not installed here (its tasks need it); {INSTALL}")
    require_asset_root()


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """What Isaac Lab and its C++ libraries print goes to stderr: stdout is for the result of a command."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def task_names() -> list[str]:
    """The tasks that Isaac Lab has registered, sorted."""
    require_isaaclab()
    import gymnasium

    importlib.import_module("isaaclab_tasks")  # registers them

    return sorted(name for name, spec in gymnasium.registry.items() if "env_cfg_entry_point" in spec.kwargs)


def task_config(
    task: str, engine: str = "task", overrides: Sequence[str] = (), play: bool = False
) -> tuple[Any, Any]:
    """A task's configuration and that of its rsl_rl agent, presets and overrides applied.

    Args:
        task: its name at Isaac Lab.
        engine: a key of `PRESETS`.
        overrides: Isaac Lab's own, "env.section.field=value".
        play: the task's play mode.

    Returns:
        The environment's configuration, and the agent's, None where the task has none for rsl_rl.

    Raises:
        RegistryError: no such task or engine.
        LandwardError: Isaac Lab is not here, or it refuses the overrides.
    """
    if engine not in PRESETS:
        raise RegistryError(f"an Isaac Lab task has no engine {engine!r}: choose one of {', '.join(PRESETS)}")
    known = task_names()
    if task not in known:
        raise RegistryError(_unknown(task, known))
    import gymnasium

    resolve = importlib.import_module("isaaclab_tasks.utils.hydra").resolve_task_config
    agent = AGENT if AGENT in gymnasium.spec(task).kwargs else None
    preset = [f"physics={PRESETS[engine]}"] if PRESETS[engine] else []
    with quiet_stdout():
        try:
            return resolve(task, agent, play_mode=play, overrides=[*preset, *overrides])
        except (ValueError, KeyError, TypeError, ImportError) as error:
            given = " ".join([*preset, *overrides])
            raise LandwardError(f"Isaac Lab refuses to configure {task} with {given}: {error}") from error


def launch(cfg: Any, task: str, device: str, arguments: Sequence[str] = ()) -> None:
    """Start the runtime of a task, after a look at its assets; see `start_runtime`.

    Raises:
        LandwardError: missing assets, or what `start_runtime` raises.
    """
    root = require_asset_root()
    start_runtime(cfg, task, device, arguments, check=lambda: require_assets(cfg, root, task))


def start_runtime(
    cfg: Any,
    what: str,
    device: str,
    arguments: Sequence[str] = (),
    check: Callable[[], None] = lambda: None,
) -> None:
    """Start the runtime that a configuration needs, or check that the one of this process will do.

    Placeholders in the configuration (automatic PhysX, automatic renderers) are resolved in place.

    Args:
        cfg: Isaac Lab's configuration of a task or of a simulation.
        what: runs it, for messages.
        device: cpu, cuda or cuda:N.
        arguments: Isaac Lab's own launcher arguments, as on its command line.
        check: called when placeholders are resolved, before anything starts.

    Raises:
        LandwardError: wrong arguments, or a backend that does not go with what this process already runs.
    """
    with quiet_stdout():  # Warp says what it found
        _without_pinned_memory()
    launcher = importlib.import_module("isaaclab.app.sim_launcher")
    options = launcher_options(arguments, device)
    try:
        _, kit = launcher.validate_launch(cfg, options)
    except ValueError as error:
        raise LandwardError(f"Isaac Lab cannot launch {what}: {error}") from error
    if kit and importlib.util.find_spec("isaacsim") is None:
        raise LandwardError(
            f"{what} needs Isaac Sim, which is not installed here, for {', '.join(kit)}: install Isaac Sim, "
            "or choose physics and renderers that run without it"
        )
    check()
    runtime = "Kit" if kit else type(getattr(cfg, "sim", cfg).physics).__name__
    if _launched and _launched[0] != runtime:
        raise LandwardError(
            f"{what} needs {runtime}, but this process already runs {_launched[0]}, and Isaac Lab holds one "
            "backend a process: start another process"
        )
    if not _launched:
        with quiet_stdout():
            _open.enter_context(launcher.launch_simulation(cfg, options))
        atexit.register(_open.close)
        _launched.append(runtime)


def launcher_options(arguments: Sequence[str], device: str) -> dict[str, Any]:
    """Isaac Lab's launcher arguments, parsed by Isaac Lab; without any it shows nothing.

    Raises:
        LandwardError: Isaac Lab does not know one.
    """
    parser = argparse.ArgumentParser(prog="Isaac Lab", exit_on_error=False, add_help=False)
    importlib.import_module("isaaclab.app.sim_launcher").add_launcher_args(parser)
    try:
        parsed, unknown = parser.parse_known_args([f"--device={device}", *arguments])
    except argparse.ArgumentError as error:
        raise LandwardError(f"Isaac Lab's launcher: {error}") from None
    if unknown:
        known = sorted(flag for action in parser._actions for flag in action.option_strings)
        raise LandwardError(f"Isaac Lab's launcher has no argument {unknown[0]!r}; it has {', '.join(known)}")
    options = vars(parsed)
    if not options.get("visualizer"):
        options["visualizer"] = "none"
    return options


def _without_pinned_memory() -> None:
    """On a machine without a CUDA driver, ordinary memory where Warp would pin it: pinning fails there."""
    import warp

    if not warp.is_cuda_available():
        cpu: Any = warp.get_device("cpu")
        cpu.pinned_allocator = cpu.default_allocator


def _unknown(task: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(task, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else "`isaaclab list_envs` shows them"
    return f"Isaac Lab has no task {task!r} among its {len(known)}; {hint}"
