import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from agents.on_policy.metrics import average, iteration_means, with_prefix
from agents.on_policy.states import check_in_step, model_digest
from agents.on_policy.world import ALONE, World, join
from landward.errors import LandwardError, SimulationError
from tests.agents.builders import make_alg
from tests.agents.on_policy.two_ranks import UPDATES, one_update

ROOT = Path(__file__).resolve().parents[3]
LIMIT = float(os.environ.get("PYTEST_TIMEOUT", 300)) - 20.0
"""Seconds that a process may take: a little less than pytest waits."""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What each of two ranks found."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    shared = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": str(port),
    }
    script = Path(__file__).with_name("two_ranks.py")
    ranks = [
        subprocess.Popen(
            [sys.executable, str(script), str(folder)],
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in ranks:
            _, err = process.communicate(timeout=LIMIT)
            assert process.returncode == 0, err
    finally:
        for process in ranks:
            process.kill()
    return [torch.load(folder / f"rank_{rank}.pt", weights_only=False) for rank in range(2)]


@pytest.mark.slow
def test_what_ranks_tell_each_other(two):
    assert [found["world"] for found in two] == [World(2, 0, 0), World(2, 1, 1)]
    assert [found["largest"] for found in two] == [7, 7]
    assert [found["mean"] for found in two] == [[2.0, 4.0]] * 2
    assert [found["share"] for found in two] == [{"rank": 0}] * 2
    assert [found["gather"] for found in two] == [[("of", 0), ("of", 1)], []]


@pytest.mark.slow
def test_running_maxima_are_those_of_all_environments(two):
    deltas, running, steps = zip(*(found["cat"] for found in two), strict=True)
    # C = (4, floor), then 0.95 (4, 1e-6) + 0.05 (2, 8) = (3.9, 0.40000095), on both
    assert running[0] == running[1] == pytest.approx([3.9, 0.40000095])
    assert deltas[0][0] == pytest.approx([0.25, 0.0625])
    assert deltas[1][0] == pytest.approx([0.125, 0.0625])
    assert deltas[0][1] == pytest.approx([0.25 * 2.0 / 3.9, 0.0], rel=1e-5)
    assert deltas[1][1] == pytest.approx([0.25, 0.0])
    assert steps == (8, 8)


@pytest.mark.slow
@pytest.mark.parametrize("update", UPDATES)
def test_one_update_goes_down_the_mean_gradient(two, update):
    """With SGD each rank alone would go to p - lr g_r; together they go to p - lr (g_0 + g_1) / 2."""
    alone = [one_update(rank, **UPDATES[update]) for rank in range(2)]
    for model in ("actor", "critic"):
        first, second = (getattr(alg, model) for alg, _ in alone)
        together = two[0][update][model]
        moved = False
        for name, parameter in first.named_parameters():
            other = dict(second.named_parameters())[name]
            assert torch.allclose(together[name], (parameter + other) / 2, atol=1e-6), name
            moved |= not torch.allclose(parameter, other, atol=1e-4)
        assert moved  # the ranks' own gradients differ
        for name, value in together.items():
            assert torch.equal(value, two[1][update][model][name]), name


@pytest.mark.slow
def test_normalisers_hold_the_observations_of_both(two):
    seen = torch.cat([one_update(rank)[1]["policy"] for rank in range(2)])
    together = two[1]["update True"]["actor"]
    assert together["obs_normalizer.count"] == 24  # 2 ranks x 4 environments x 3 steps
    assert torch.allclose(together["obs_normalizer._mean"], seen.mean(0, keepdim=True), atol=1e-6)
    assert torch.allclose(
        together["obs_normalizer._var"], seen.var(0, unbiased=False, keepdim=True), atol=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [False, True])
def test_the_adaptive_learning_rate_is_the_same_on_both(two, parallel):
    assert two[0][f"adapted {parallel}"] == two[1][f"adapted {parallel}"]
    rate, _, steps = two[0][f"adapted {parallel}"]
    assert rate < 1e-3 and steps == 2 * 8 * 5 * 3


def test_alone_nothing_is_said():
    tensor = torch.tensor([1.0])
    assert ALONE.main and ALONE.maximum(tensor) is tensor and ALONE.mean(tensor) is tensor
    assert (ALONE.largest(3), ALONE.share("x"), ALONE.gather("x")) == (3, "x", ["x"])
    ALONE.leave()


def test_seeds_differ_between_ranks_and_the_first_one_is_the_runs():
    seeds = [World(4, rank, rank).seed(7) for rank in range(4)]
    assert seeds[0] == ALONE.seed(7) == 7
    assert len(set(seeds)) == 4
    assert World(4, 1, 1).seed(8) != seeds[1] != World(4, 1, 1).seed(7, 100)
    assert ALONE.seed(7, 100) != 7


def test_every_rank_has_a_gpu_of_its_own():
    assert (ALONE.device("cuda:3"), World(2, 3, 1).device("cuda")) == ("cuda:3", "cuda:1")
    assert World(2, 1, 1).device("cpu") == "cpu"
    with pytest.raises(LandwardError, match="'cuda:0' is one GPU, 2 processes need one each: use cuda"):
        World(2, 1, 1).device("cuda:0")


def test_without_torchrun_a_process_is_alone(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert join("cpu") is ALONE


def test_ranks_that_have_parted_are_found():
    one, two = make_alg(), make_alg()
    assert model_digest(one) == model_digest(two)
    with torch.no_grad():
        two.critic.mlp[0].bias[0] += 1e-7
    with pytest.raises(
        SimulationError, match="after iteration 5 the networks of rank 2 are not those of rank 0"
    ):
        check_in_step([model_digest(one), model_digest(one), model_digest(two)], 5)


def test_means_over_steps_and_ranks():
    statistics = {"speed": {"violated": 0.25, "probability": 0.125}}
    numbers = iteration_means({"a": [1.0, 3.0]}, statistics)
    assert numbers == {
        "a": 2.0,
        "Constraint/speed_violated_percent": 25.0,
        "Constraint/speed_probability": 0.125,
    }
    # a rank on which no episode ended has no number of episodes
    assert average([{"a": 1.0}, {"a": 3.0, "b": 5.0}]) == {"a": 2.0, "b": 5.0}
    assert with_prefix("loss/", {"loss/value": 1.0, "reward": 2.0}) == {"value": 1.0}
