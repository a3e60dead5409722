import dataclasses
import errno
import json
import logging
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from landward.errors import CheckpointError, RunError
from landward.runs import RunFolder, checkpoint_iteration, find_policy, list_runs, open_checkpoint
from landward.spec import ActionTerm, ObservationTerm, PolicySpec


def make_spec() -> PolicySpec:
    return PolicySpec(
        task="go1-flat",
        robot="go1",
        control_period=0.02,
        observations={"policy": (ObservationTerm("joint_pos", "joint_position", (2,), unit="rad"),)},
        actions=(ActionTerm("joint_pos_target", "joint_position_target", (2,), unit="rad", scale=0.3),),
    )


def make_run(root: Path, **config: object) -> RunFolder:
    return RunFolder.create(root, "go1-flat", 3, config, make_spec())


def write(run: RunFolder, iteration: int, content: bytes = b"weights" * 100, keep: int | None = None) -> Path:
    return run.write_checkpoint(iteration, lambda stream: stream.write(content), keep)


@dataclasses.dataclass
class Nested:
    rate: float
    path: Path


def test_create_and_open(tmp_path: Path) -> None:
    made = make_run(
        tmp_path, nested=Nested(0.5, Path("a")), shape=(1, 2), count=np.int64(4), limit=np.ones(2)
    )
    run = RunFolder.open(made.path)
    assert run.path.parent == tmp_path / "go1-flat"
    assert run.config == {
        "task": "go1-flat",
        "seed": 3,
        "nested": {"rate": 0.5, "path": "a"},
        "shape": [1, 2],
        "count": 4,
        "limit": [1.0, 1.0],
    }
    assert run.spec == make_spec()
    assert run.provenance["seed"] == 3
    assert [found.path for found in list_runs(tmp_path)] == [run.path]


def test_two_runs_in_the_same_second_do_not_share_a_folder(tmp_path: Path) -> None:
    assert len({make_run(tmp_path).path for _ in range(3)}) == 3


def test_create_leaves_nothing_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        make_run(tmp_path)
    assert os.listdir(tmp_path / "go1-flat") == []


def test_create_where_a_file_lies(tmp_path: Path) -> None:
    (tmp_path / "go1-flat").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*go1-flat"):
        make_run(tmp_path)


def test_open_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder at .*nowhere"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"no config\.json and no spec\.json"):
        RunFolder.open(tmp_path)


def test_damaged_documents_are_named(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run.path / "config.json").write_text("{")
    (run.path / "provenance.json").unlink()
    with pytest.raises(RunError, match=r"config\.json is not JSON"):
        _ = run.config
    with pytest.raises(RunError, match=r"cannot read .*provenance\.json: No such file"):
        _ = run.provenance


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    path = write(run, 123, b"content")
    assert path.name == "iteration_000123.pt"
    assert checkpoint_iteration(path) == 123
    assert open_checkpoint(path).read() == b"content"
    assert run.latest_checkpoint() == path


def test_no_checkpoint_yet(tmp_path: Path) -> None:
    assert make_run(tmp_path).latest_checkpoint() is None


@pytest.mark.parametrize("kept", [0, 10, 500, -1])
def test_a_cut_checkpoint_is_refused(tmp_path: Path, kept: int) -> None:
    path = write(make_run(tmp_path), 1)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"iteration_000001\.pt has no checksum at its end"):
        open_checkpoint(path)


def test_an_altered_checkpoint_is_refused(tmp_path: Path) -> None:
    path = write(make_run(tmp_path), 1)
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged: its content does not match"):
        open_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot read .*nothing\.pt: No such file"):
        open_checkpoint(tmp_path / "nothing.pt")
    with pytest.raises(CheckpointError, match="not a checkpoint's name"):
        checkpoint_iteration("model_3.pt")


def test_the_latest_whole_checkpoint_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run(tmp_path)
    good, bad = write(run, 1), write(run, 2)
    bad.write_bytes(bad.read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        assert run.latest_checkpoint() == good
    assert len(caplog.records) == 1
    assert "iteration_000002.pt" in caplog.text


def test_order_is_by_iteration_beyond_six_digits(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    for iteration in (1_000_000, 999_999, 5):
        write(run, iteration)
    assert [checkpoint_iteration(path) for path in run.checkpoints()] == [5, 999_999, 1_000_000]


def test_full_disk_keeps_every_former_checkpoint(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    good = write(run, 1)

    def fill(stream: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        RunError, match=r"cannot write .*iteration_000002\.pt: No space left.*free some space"
    ):
        run.write_checkpoint(2, fill)
    assert run.checkpoints() == [good]
    assert run.latest_checkpoint() == good
    assert os.listdir(good.parent) == [good.name]


def test_pruning_keeps_the_newest_whole_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    paths = [write(run, iteration) for iteration in range(1, 5)]
    paths[3].write_bytes(b"")
    run.prune(2)
    assert run.checkpoints() == paths[1:]
    write(run, 5, keep=1)
    assert [checkpoint_iteration(path) for path in run.checkpoints()] == [5]
    with pytest.raises(ValueError, match="at least 1"):
        run.prune(0)


def test_metrics(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert run.metrics() == []
    run.log({"iteration": 1, "reward": np.float32(0.5), "bad": math.nan})
    run.log({"iteration": 2, "reward": math.inf, "curve": np.arange(2)})
    assert run.metrics() == [
        {"iteration": 1, "reward": 0.5, "bad": None},
        {"iteration": 2, "reward": None, "curve": [0, 1]},
    ]


def test_a_resumed_run_forgets_later_and_half_lines(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    for iteration in (1, 2, 3):
        run.log({"iteration": iteration})
    with (run.path / "metrics.jsonl").open("a") as stream:
        stream.write('{"iteration": 4, "rew')
    assert len(run.metrics()) == 3
    run.drop_metrics_after(2)
    run.log({"iteration": 3})
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == [1, 2, 3]


def test_unwritable_metrics_are_named(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run.path / "metrics.jsonl").mkdir()
    with pytest.raises(RunError, match=r"cannot write .*metrics\.jsonl: Is a directory"):
        run.log({"iteration": 1})


@pytest.mark.skipif(
    shutil.which("mount") is None or os.geteuid() != 0, reason="mounting a small disk needs root"
)
def test_a_really_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=256k none {disk} 2>/dev/null"):
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        run = make_run(disk)
        good = write(run, 1, b"x" * 50_000)
        with pytest.raises(RunError, match="No space left"):
            write(run, 2, b"x" * 500_000)
        assert run.latest_checkpoint() == good
        run.log({"iteration": 1})
        with pytest.raises(RunError, match="No space left"):
            run.log({"iteration": 2, "text": "x" * 500_000})
        assert run.metrics() == [{"iteration": 1}]
        run.log({"iteration": 2})
        assert len((run.path / "metrics.jsonl").read_text().splitlines()) == 2
    finally:
        os.system(f"umount {disk}")


def test_find_policy(tmp_path: Path) -> None:
    policy_file = tmp_path / "policy.onnx"
    policy_file.touch()
    assert find_policy(policy_file) == find_policy(tmp_path) == policy_file
    root = tmp_path / "runs"
    for run in ("go1-flat/2026-11-23_14-05-09_seed1", "go1-rough/2026-11-24_09-00-00_seed0"):
        (root / run).mkdir(parents=True)
        (root / run / "spec.json").touch()
    with pytest.raises(RunError, match=r"landward export .*seed1"):
        find_policy(root / "go1-flat" / "2026-11-23_14-05-09_seed1")
    with pytest.raises(RunError, match=r"no run folder .* newest run below it is .*go1-rough.*seed0$"):
        find_policy(root)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match="name a run folder"):
        find_policy(tmp_path / "empty")
    with pytest.raises(RunError, match="no policy file"):
        find_policy(tmp_path / "missing.onnx")


def test_torch_checkpoints(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    run = make_run(tmp_path)
    state = {"weights": torch.arange(1000.0), "step": 3}
    path = run.write_checkpoint(1, lambda stream: torch.save(state, stream))
    loaded = torch.load(open_checkpoint(path), weights_only=True)
    assert loaded["step"] == 3
    assert torch.equal(loaded["weights"], state["weights"])
    # The trailer does not disturb whoever loads the file as it is.
    assert torch.load(path, weights_only=True)["step"] == 3
