import numpy as np
import pytest

from benchmarks import throughput

pytest.importorskip("mujoco")


@pytest.fixture(scope="module")
def ours():
    from benchmarks._steppers import Ours

    made = Ours(4)
    made.run(made.draw(5))
    return made


def test_the_bare_candidates_step_the_same_physics(ours):
    from benchmarks._steppers import BARE, contacts

    targets = ours.targets(ours.draw(3))
    model, substeps = ours.env.engine.model, ours.env.cfg.physics.substeps
    rows = {name: np.array(value) for name, value in ours.rows().items()}
    found = {}
    for name, kind in BARE.items():
        candidate = kind(model, 4, substeps, threads=2)
        candidate.load(rows)
        candidate.run(targets)
        found[name] = candidate.qpos()
    first = found.pop("Batch.step")
    assert np.abs(first - rows["qpos"]).max() > 1e-3
    # The solver starts from different guesses, so the positions agree to its tolerance and not to the bit.
    for qpos in found.values():
        np.testing.assert_allclose(qpos, first, atol=1e-3)
    assert contacts(model, first) > 0


def test_targets_are_those_of_the_environment(ours):
    from landward.action import decode

    actions = ours.draw(2)
    expected = [decode(ours.env.spec.actions[0], action) for action in actions]
    np.testing.assert_allclose(ours.targets(actions), expected, atol=1e-6)


def test_growth_of_memory_counts_the_environments():
    assert throughput.resident() > 1e6
    assert throughput.available() > 1e6


def test_claim_says_what_was_not_measured():
    assert "not measured" in throughput.claim(0.9, "rollout", None, "")
    text = throughput.claim(0.9, "rollout", 3.5, "envpool, 8")
    assert text.index("0.90") < text.index("3.50")
