import pytest

from benchmarks import cat


def cell(velocity=0.1, yaw_rate=0.1, torque=0.01):
    return {"velocity": velocity, "yaw_rate": yaw_rate, "falls": 0.0, "violations": {"joint_torque": torque}}


def cells(cat_cell, penalty_cell):
    made = {("go1", "cat", seed): cat_cell for seed in (1, 2)}
    return made | {("go1", "penalty", seed): penalty_cell for seed in (1, 2)}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1.0], [1.0], True),
        ([1.1], [1.0], False),
        # Standard deviations 0.2 and 0: the allowance is 0.2 / sqrt(2) = 0.141.
        ([0.94, 1.14, 1.34], [1.0, 1.0, 1.0], True),
        ([0.95, 1.15, 1.35], [1.0, 1.0, 1.0], False),
        ([0.5, 0.6], [1.0, 1.1], True),
    ],
)
def test_no_worse_allows_the_spread_of_the_seeds(ours, theirs, expected):
    assert cat.no_worse(ours, theirs) is expected


def test_over_seeds_reads_measurements_and_violations_in_the_order_of_seeds():
    made = {
        ("go1", "cat", 2): cell(0.2, torque=0.5),
        ("go1", "cat", 1): cell(0.1),
        ("go1", "none", 1): cell(9.0),
    }
    assert cat.over_seeds(made, "go1", "cat", "velocity") == [0.1, 0.2]
    assert cat.over_seeds(made, "go1", "cat", "joint_torque") == [0.01, 0.5]


def test_the_claim_holds():
    result = cat.result_of(cells(cell(torque=0.01), cell()), ["go1"])
    assert result.value == pytest.approx(0.5)
    assert result.holds
    assert "no worse" in result.claim
    assert result.claim.endswith("2 seeds")


def test_the_claim_fails_for_worse_tracking_of_one_kind():
    result = cat.result_of(cells(cell(yaw_rate=0.2), cell()), ["go1"])
    assert not result.holds
    assert "WORSE" in result.claim


def test_the_claim_fails_for_violations_of_the_worst_robot():
    made = cells(cell(), cell())
    made |= {("solo12", mode, 1): cell(torque=0.05) for mode in ("cat", "penalty")}
    result = cat.result_of(made, ["go1", "solo12"])
    assert result.value == pytest.approx(2.5)
    assert not result.holds


@pytest.mark.parametrize("robot", cat.ROBOTS)
@pytest.mark.parametrize("mode", cat.MODES)
def test_configuration_differs_between_modes_in_the_mode_alone(robot, mode):
    pytest.importorskip("torch")
    config, num_envs = cat.configuration(robot, mode, 3, {})
    reference, _ = cat.configuration(robot, "cat", 3, {})
    assert (config.seed, config.constraint.mode) == (3, mode)
    assert config.steps_of_run(num_envs) >= 7.0e6
    reference.constraint.mode = mode
    assert config == reference
