"""Run folders: everything a training run leaves, written so that a crash or a full disk loses nothing.

A run lies in `runs/TASK/TIME_seedN` and holds

- `config.json`, `spec.json`, `provenance.json`: written once, when the run begins;
- `metrics.jsonl`: one JSON object a line, and TensorBoard's event files beside it;
- `checkpoints/iteration_000123.pt`: written atomically, with a checksum at the end of the file;
- `policy.onnx`, `policy.pt`, `report/`, `videos/`: added by export and evaluation.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from landward.atomic import describe_os_error, new_folder, write_atomic, write_text_atomic
from landward.checksum import append_trailer, read_verified
from landward.errors import CheckpointError, RunError
from landward.provenance import collect
from landward.spec import PolicySpec

_LOG = logging.getLogger(__name__)
_CHECKPOINT = re.compile(r"iteration_(\d{6,})\.pt")


class RunFolder:
    """One run on disk. Make one with `create` or `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(
        cls, root: Path | str, task: str, seed: int, config: Mapping[str, Any], spec: PolicySpec
    ) -> RunFolder:
        """Make a folder `root/task/<time>_seed<seed>` with the config, the spec and the provenance in it.

        Args:
            root: folder of all runs.
            task: name of the task; the folder between.
            seed: seed of the run.
            config: what makes the run again; dataclasses, tuples, paths and NumPy numbers become JSON.
            spec: the policy's spec.

        Raises:
            RunError: the folder cannot be made or written; nothing is left behind.
        """
        documents = {
            "config.json": _to_json({"task": task, "seed": int(seed), **config}),
            "spec.json": spec.to_json(),
            "provenance.json": _to_json(collect(seed)),
        }
        path = new_folder(Path(root) / task, f"{datetime.now():%Y-%m-%d_%H-%M-%S}_seed{seed}")
        try:
            for name, text in documents.items():
                write_text_atomic(path / name, text)
            (path / "checkpoints").mkdir()
        except (OSError, RunError) as error:
            shutil.rmtree(path, ignore_errors=True)
            if isinstance(error, RunError):
                raise
            raise RunError(describe_os_error("write", path / "checkpoints", error)) from error
        return cls(path)

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """Open an existing run.

        Raises:
            RunError: there is no such folder, or it is not a run (it has no config.json and spec.json).
        """
        path = Path(path)
        if not path.is_dir():
            raise RunError(
                f"no run folder at {path}; runs lie in runs/TASK/TIME_seedN (`landward list runs`)"
            )
        missing = [name for name in ("config.json", "spec.json") if not (path / name).is_file()]
        if missing:
            raise RunError(
                f"{path} is not a run folder: it has no {' and no '.join(missing)}; name runs/TASK/TIME_seedN"
            )
        return cls(path)

    @property
    def config(self) -> dict[str, Any]:
        """The run's config, with its task and seed."""
        return self._read_json("config.json")

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the run came from; see landward.provenance."""
        return self._read_json("provenance.json")

    @property
    def spec(self) -> PolicySpec:
        """The spec that the run's policy was trained on."""
        return PolicySpec.from_json(self._read("spec.json"))

    def log(self, metrics: Mapping[str, Any]) -> None:
        """Append one line to metrics.jsonl; infinite and NaN numbers become null, which any reader knows.

        Raises:
            RunError: the disk is full or the file unwritable; no half line is left.
        """
        path = self.path / "metrics.jsonl"
        line = json.dumps({key: _finite(value) for key, value in metrics.items()}, default=_plain) + "\n"
        try:
            with path.open("ab") as stream:
                start = stream.tell()
                try:
                    stream.write(line.encode())
                    stream.flush()
                except OSError:
                    stream.truncate(start)
                    raise
        except OSError as error:
            raise RunError(describe_os_error("write", path, error)) from error

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl; a line that a kill cut short is left out."""
        if not (self.path / "metrics.jsonl").exists():
            return []
        lines = self._read("metrics.jsonl").split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def drop_metrics_after(self, iteration: int) -> None:
        """Forget lines of later iterations, and a half line: a resumed run writes them again."""
        kept = [line for line in self.metrics() if line.get("iteration", 0) <= iteration]
        write_text_atomic(self.path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))

    def write_checkpoint(
        self, iteration: int, write: Callable[[BinaryIO], object], keep: int | None = None
    ) -> Path:
        """Write `checkpoints/iteration_<n>.pt` in one piece, with a checksum at its end.

        Args:
            iteration: number of finished iterations.
            write: puts the content into a stream, such as `lambda stream: torch.save(state, stream)`.
            keep: how many checkpoints stay, the newest ones; None keeps all.

        Raises:
            RunError: the disk is full or the folder unwritable; every former checkpoint is untouched.
        """
        path = self.checkpoint_path(iteration)

        def write_with_trailer(stream: BinaryIO) -> None:
            write(stream)
            append_trailer(stream)

        write_atomic(path, write_with_trailer)
        if keep is not None:
            self.prune(keep)
        return path

    def checkpoint_path(self, iteration: int) -> Path:
        """Where the checkpoint of an iteration lies or would lie."""
        return self.path / "checkpoints" / f"iteration_{iteration:06d}.pt"

    def checkpoints(self) -> list[Path]:
        """All checkpoints, oldest first, whole or not."""
        found = [
            path
            for path in (self.path / "checkpoints").glob("iteration_*.pt")
            if _CHECKPOINT.fullmatch(path.name)
        ]
        return sorted(found, key=checkpoint_iteration)

    def latest_checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole, or None; each broken one that is passed over is warned of."""
        paths = self.checkpoints()
        for index, path in reversed(list(enumerate(paths))):
            try:
                open_checkpoint(path).close()
            except CheckpointError as error:
                rest = f"trying {paths[index - 1].name}" if index else "there is none before it"
                _LOG.warning("%s; %s", error, rest)
            else:
                return path
        return None

    def prune(self, keep: int) -> None:
        """Delete all but the newest `keep` whole checkpoints (and broken ones older than those).

        Raises:
            ValueError: `keep` is below one.
        """
        if keep < 1:
            raise ValueError(f"keep must be at least 1, got {keep}")
        whole = 0
        for path in reversed(self.checkpoints()):
            if whole >= keep:
                _delete(path)
            elif _is_whole(path):
                whole += 1

    def _read(self, name: str) -> str:
        path = self.path / name
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise RunError(describe_os_error("read", path, error)) from error
        except UnicodeDecodeError as error:
            raise RunError(f"{path} is not text: {error}; restore it from a copy") from error

    def _read_json(self, name: str) -> dict[str, Any]:
        text = self._read(name)
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise RunError(f"{self.path / name} is not JSON: {error}; restore it from a copy") from error


def find_policy(path: Path | str) -> Path:
    """The exported file of a run folder, or the file itself.

    Raises:
        RunError: there is none.
    """
    path = Path(path)
    file = path / "policy.onnx" if path.is_dir() else path
    if file.is_file():
        return file
    if not path.is_dir():
        raise RunError(f"no policy file or run folder at {path}")
    if (path / "spec.json").is_file():
        raise RunError(f"{path} has no policy.onnx: export it first with `landward export {path}`")
    # Names of runs begin with the time.
    runs = [spec.parent for depth in ("*", "*/*", "*/*/*") for spec in path.glob(f"{depth}/spec.json")]
    newest = max(runs, key=lambda run: run.name, default=None)
    remedy = f"the newest run below it is {newest}" if newest else "name a run folder or a policy.onnx"
    raise RunError(f"{path} is no run folder (it has no spec.json) and has no policy.onnx; {remedy}")


def open_checkpoint(path: Path | str) -> BytesIO:
    """The content of a checkpoint that was written by `RunFolder.write_checkpoint`, once it is proved whole.

    Raises:
        CheckpointError: the file is missing, unreadable, cut short or altered.
    """
    try:
        return BytesIO(read_verified(Path(path)))
    except OSError as error:
        raise CheckpointError(describe_os_error("read", Path(path), error)) from error


def checkpoint_iteration(path: Path | str) -> int:
    """The iteration in a checkpoint's file name.

    Raises:
        CheckpointError: the file is not named iteration_<number>.pt.
    """
    match = _CHECKPOINT.fullmatch(Path(path).name)
    if match is None:
        raise CheckpointError(f"{path} is not a checkpoint's name; they are called iteration_000123.pt")
    return int(match[1])


def list_runs(root: Path | str) -> list[RunFolder]:
    """All runs under a folder, `root/task/run`, in the order of their paths."""
    return [RunFolder(path.parent) for path in sorted(Path(root).glob("*/*/spec.json"))]


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(describe_os_error("delete", path, error)) from error


def _is_whole(path: Path) -> bool:
    try:
        open_checkpoint(path).close()
    except CheckpointError:
        return False
    return True


def _to_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return f"{value.__module__}:{value.__qualname__}" if callable(value) else str(value)


def _finite(value: Any) -> Any:
    number = value.item() if getattr(value, "ndim", None) == 0 else value
    return None if isinstance(number, float) and not math.isfinite(number) else number
