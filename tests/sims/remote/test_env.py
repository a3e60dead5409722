import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from landward.errors import EnvContractError, LandwardError, SimulationError
from sims.check import check_env
from sims.remote.pool import Patience
from tests.sims.remote.tiny import SPEC, tiny_env

STILL = np.zeros((2, 2), np.float32)
QUICK = Patience(start=20.0, reset=10.0, step=0.5, close=5.0)


def group_members(pid: int) -> list[int]:
    """Processes of a process group that are not zombies."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def rollout(env, steps: int) -> list[bytes]:
    random = np.random.default_rng(3)
    numbers = []
    for _ in range(steps):
        step = env.step(random.uniform(-1, 1, (env.num_envs, 2)))
        arrays = [*step.obs.values(), step.reward, step.terminated, *step.constraints.values()]
        numbers += [np.array(array).tobytes() for array in arrays]
    return numbers


def test_it_keeps_the_contract() -> None:
    with tiny_env() as env:
        assert check_env(env) == []


def test_groups_are_encoded_and_measurements_are_not() -> None:
    with tiny_env() as env:
        obs, measured = env.observe(), env.measurements()
        assert obs["picture"].dtype == np.uint8 and obs["picture"].shape == (2, 4, 4, 2)
        np.testing.assert_allclose(obs["state"][:, :2], 0.5 * measured["place"], rtol=1e-6)
        assert list(measured) == ["picture", "place", "speed"]
        assert measured["picture"][0, 0, 0].tolist() == [255, 255]


def test_constraints_are_evaluated_on_the_worlds_state() -> None:
    with tiny_env() as env:
        step = env.step(np.float32([[1, 0], [0, 0]]))
        np.testing.assert_allclose(step.constraints["speed"][:, 0], [0.5 - 0.2, -0.2], rtol=1e-6)
        assert step.constraints["far"].tolist() == [[0.0], [0.0]]
        for _ in range(4):
            step = env.step(STILL)
        assert (step.constraints["far"] < -1.0).all()


def test_the_clock_reports_the_summary_of_the_episode() -> None:
    with tiny_env(max_episode_steps=2) as env:
        assert env.step(STILL).log == {}
        step = env.step(STILL)
        assert step.log == {"episode/steps": 2.0}
        assert step.truncated.all() and not step.terminated.any()


def test_episodes_do_not_depend_on_each_other() -> None:
    """Environment 1 starts the same second episode, whenever its first one ends and whatever 0 does."""
    starts = []
    for actions in ([[1, 0], [1, 0]], [[0, 0], [-1, 1]]):
        with tiny_env() as env:
            for _ in range(20):
                step = env.step(np.float32(actions))
                if step.terminated[1]:
                    break
            starts.append(step.obs["privileged"][1].tolist())
    assert starts[0] == starts[1]


@pytest.mark.parametrize("trouble", ["is killed", "loses the server", "says so"])
def test_a_lost_world_is_replaced_and_its_episode_repeated(trouble: str, tmp_path, caplog) -> None:
    with tiny_env(trouble=f"{trouble}@{tmp_path / 'mark'}") as env:
        first = {name: value[0].copy() for name, value in env.observe().items()}
        env.step(STILL)
        before = env.step(np.float32([[0.5, 0.5], [0.5, 0.5]]))
        with caplog.at_level(logging.WARNING):
            step = env.step(STILL)
        assert step.truncated.tolist() == [True, False] and not step.terminated.any()
        assert step.reward[0] == 0.0 and step.final_obs is not None
        for name, value in before.obs.items():
            np.testing.assert_array_equal(step.final_obs[name][0], value[0])
        for name, value in first.items():
            np.testing.assert_array_equal(step.obs[name][0], value)
        assert step.log["faults/total"] == 1.0 and env.faults == 1
        assert env.episode_steps.tolist() == [0, 3]
        assert "environment 0 lost its simulator (fault 1)" in caplog.text
        env.step(STILL)
        assert env.episode_steps.tolist() == [1, 4]


def test_a_world_that_hangs_is_replaced(tmp_path) -> None:
    with tiny_env(trouble=f"hangs@{tmp_path / 'mark'}", patience=QUICK) as env:
        for _ in range(2):
            env.step(STILL)
        start, pid = time.monotonic(), env.pids[0]
        step = env.step(STILL)
        assert step.truncated.tolist() == [True, False]
        assert time.monotonic() - start < 10.0
        assert env.pids[0] != pid and group_members(pid) == []


def test_a_worker_that_is_killed_from_outside_is_replaced() -> None:
    with tiny_env() as env:
        pid = env.pids[1]
        os.kill(pid, signal.SIGKILL)
        assert env.step(STILL).truncated.tolist() == [False, True]
        assert env.pids[1] != pid


def test_what_never_works_is_given_up() -> None:
    with tiny_env(trouble="loses the server") as env:
        with pytest.raises(SimulationError, match="5 times in one episode"):
            for _ in range(20):
                env.step(STILL)
        assert env.faults == 5


def test_a_bug_is_not_repeated() -> None:
    with tiny_env(trouble="has a bug") as env, pytest.raises(LandwardError, match="ValueError: operands"):
        for _ in range(3):
            env.step(STILL)


def test_a_world_that_cannot_be_made_leaves_no_process() -> None:
    before = set(Path("/proc").glob("[0-9]*"))
    with pytest.raises(LandwardError, match="environment 0 could not be made: there is no such town"):
        tiny_env(trouble="cannot be made")
    assert [
        path for path in set(Path("/proc").glob("[0-9]*")) - before if b"remote.worker" in command(path)
    ] == []


def command(path: Path) -> bytes:
    try:
        return (path / "cmdline").read_bytes()
    except OSError:
        return b""


def test_closing_leaves_no_process() -> None:
    env = tiny_env(trouble="has a child")
    pids = env.pids
    assert [len(group_members(pid)) for pid in pids] == [2, 1]
    env.close()
    env.close()
    assert [group_members(pid) for pid in pids] == [[], []]


def test_what_a_killed_worker_started_goes_too() -> None:
    with tiny_env(trouble="has a child") as env:
        pid = env.pids[0]
        os.kill(pid, signal.SIGKILL)
        env.step(STILL)
        assert group_members(pid) == []


def test_workers_do_not_outlive_the_environment() -> None:
    """Even where it is killed and can tidy up nothing."""
    script = (
        "from tests.sims.remote.tiny import tiny_env; env = tiny_env(); print(*env.pids, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert [len(group_members(pid)) for pid in pids] == [1, 1]
    parent.kill()
    parent.wait()
    end = time.monotonic() + 5.0
    while any(group_members(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)
    assert [group_members(pid) for pid in pids] == [[], []]
    for stream in (parent.stdin, parent.stdout):
        assert stream is not None
        stream.close()


def test_workers_are_replaced_after_some_episodes() -> None:
    """And the episodes are those of an environment that never replaces them."""
    with tiny_env(max_episode_steps=3) as plain, tiny_env(max_episode_steps=3, restart_every=2) as env:
        pids = env.pids
        assert rollout(env, 5) == rollout(plain, 5)
        assert env.pids == pids
        assert rollout(env, 4) == rollout(plain, 4)
        assert set(env.pids).isdisjoint(pids)
        assert env.faults == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_actions_that_are_not_finite_are_refused(bad: float) -> None:
    with tiny_env() as env:
        with pytest.raises(EnvContractError, match="actions of environment 1 are not finite"):
            env.step(np.float32([[0, 0], [bad, 0]]))
        with pytest.raises(EnvContractError, match="the targets lack the action 'move'"):
            env.step_si({"walk": STILL})


def test_a_picture_comes_from_its_world() -> None:
    with tiny_env() as env:
        env.step(STILL)
        assert env.render(1, (8, 6)).shape == (6, 8, 3)
        assert env.render(1, (8, 6)).max() == 1


def test_the_specs_terms_are_all_asked_for() -> None:
    assert [field.name for field in tiny_fields()][:4] == [
        "obs.picture",
        "obs.place",
        "obs.speed",
        "obs.goal",
    ]


def tiny_fields():
    from sims.remote.block import fields_of

    return fields_of(SPEC)
