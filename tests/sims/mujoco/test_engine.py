import numpy as np
import pytest

from landward.errors import SimulationError, SpecError
from robots import get_robot
from sims.mujoco.engine import MujocoEngine
from sims.physics import PhysicsCfg, PhysicsParameters

HOME = np.array(get_robot("go1").default_joint_pos)


def make(n=4, robot="go1", threads=1, dump_dir=None, **physics):
    engine = MujocoEngine(get_robot(robot), PhysicsCfg(**physics), n, threads=threads, dump_dir=dump_dir)
    start(engine, np.arange(n))
    return engine


def start(engine, ids, height=None):
    n, robot = len(ids), engine.robot
    pos = np.tile([0.0, 0.0, robot.standing_height if height is None else height], (n, 1))
    quat = np.tile([1.0, 0, 0, 0], (n, 1))
    joints = np.tile(np.array(robot.default_joint_pos), (n, 1))
    engine.reset(ids, pos, quat, np.zeros((n, 6)), joints, np.zeros_like(joints))


def run(engine, steps, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        engine.step(HOME + 0.2 * rng.normal(size=(engine.num_envs, 12)))
    return np.array(engine.state.joint_pos), np.array(engine.state.root_pos_w)


@pytest.mark.parametrize("physics", [{}, {"actuator": "dc_motor"}, {"peak_forces": 3}])
def test_standing_robot_bears_its_weight_on_its_feet(physics):
    engine = make(2, **physics)
    for _ in range(60):
        engine.step(np.tile(HOME, (2, 1)))
    assert engine.state.foot_contact.all()
    np.testing.assert_allclose(engine.state.foot_force.sum(1), engine.total_mass * 9.81, rtol=0.05)
    np.testing.assert_allclose(engine.state.projected_gravity_b[:, 2], -1.0, atol=0.02)
    assert np.abs(engine.state.foot_height).max() < 0.005
    assert engine.state.body_force.max() == 0.0


def test_result_does_not_depend_on_the_number_of_threads():
    one, two = run(make(8, threads=1), 20), run(make(8, threads=2), 20)
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_reset_of_one_leaves_the_others_alone():
    engine = make(3)
    run(engine, 10)
    before = np.array(engine.state.joint_pos)
    start(engine, np.array([1]))
    after = np.array(engine.state.joint_pos)
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    np.testing.assert_allclose(after[1], HOME, atol=1e-6)


@pytest.mark.parametrize("physics", [{}, {"actuator": "dc_motor"}, {"peak_forces": 2}])
def test_saved_state_goes_on_bit_equal(physics):
    engine = make(4, **physics)
    engine.set_parameters(np.arange(4), PhysicsParameters(latency=np.array([0.0, 0.01, 0.015, 0.02])))
    run(engine, 5)
    saved = engine.state_dict()
    there = run(engine, 7, seed=1)
    other = make(4, **physics)
    other.load_state_dict(saved)
    np.testing.assert_array_equal(other.state.foot_force, saved["named"]["foot_force"])
    again = run(other, 7, seed=1)
    np.testing.assert_array_equal(there[0], again[0])
    np.testing.assert_array_equal(there[1], again[1])


def test_push_changes_the_base_velocity_at_once():
    engine = make(2)
    engine.push(np.array([1]), np.array([[0.5, -0.25]]))
    np.testing.assert_allclose(engine.state.root_lin_vel_b[1, :2], [0.5, -0.25], atol=1e-6)
    assert engine.state.root_lin_vel_b[0, 0] == 0.0


def test_payload_is_felt_by_the_feet():
    engine = make(2)
    engine.set_parameters(np.array([1]), PhysicsParameters(payload=np.array([3.0])))
    for _ in range(80):
        engine.step(np.tile(HOME, (2, 1)))
    weight = engine.state.foot_force.sum(1)
    assert weight[1] - weight[0] == pytest.approx(3.0 * 9.81, rel=0.1)


def test_slippery_feet_slide_when_kicked():
    engine = make(2)
    engine.set_parameters(np.arange(2), PhysicsParameters(friction=np.array([0.05, 1.0])))
    engine.push(np.arange(2), np.tile([0.0, 0.6], (2, 1)))
    for _ in range(15):
        engine.step(np.tile(HOME, (2, 1)))
    slid = np.abs(engine.state.foot_pos_w[:, :, 1]).mean(1)
    start_y = 0.127
    assert abs(slid[1] - start_y) < 0.04
    assert engine.state.root_pos_w[0, 1] > engine.state.root_pos_w[1, 1] + 0.02


@pytest.mark.parametrize("actuator", ["pd", "dc_motor"])
def test_latency_delays_the_torque_by_whole_physics_steps(actuator):
    engine = make(2, actuator=actuator, timestep=0.005, substeps=1, max_latency=0.02)
    engine.set_parameters(np.arange(2), PhysicsParameters(latency=np.array([0.0, 0.015])))
    start(engine, np.arange(2), height=2.0)  # in the air: nothing else moves the joints at first
    first = []
    for _ in range(6):
        engine.step(np.tile(HOME + 0.3, (2, 1)))
        first.append(np.array(engine.state.joint_torque[:, 2]))
    lags = [int(np.flatnonzero(np.array(first)[:, env] > 1.0)[0]) for env in range(2)]
    assert lags[1] - lags[0] == 3


def test_latency_beyond_the_delay_line_is_refused():
    with pytest.raises(SimulationError, match=r"raise physics\.max_latency"):
        make(1).set_parameters(np.array([0]), PhysicsParameters(latency=np.array([0.5])))


@pytest.mark.parametrize(("name", "value"), [("friction", -1.0), ("strength", np.nan), ("payload", -50.0)])
def test_impossible_physics_is_refused(name, value):
    with pytest.raises(SimulationError, match=name):
        make(1).set_parameters(np.array([0]), PhysicsParameters(**{name: np.array([value])}))


def test_diverged_environment_is_flagged_saved_and_made_finite(tmp_path):
    engine = make(3, dump_dir=tmp_path)
    engine._qvel[1, 7] = 1e7
    engine.step(np.tile(HOME, (3, 1)))
    assert engine.diverged.tolist() == [False, True, False]
    assert all(np.isfinite(np.asarray(value, float)).all() for value in engine.state.values())
    saved = np.load(next(tmp_path.glob("diverged_*.npz")))
    assert saved["env_ids"].tolist() == [1]
    assert saved["qvel_before"][0, 7] == 1e7
    start(engine, np.array([1]))
    assert not engine.diverged.any()


def test_diverged_states_of_a_resumed_run_do_not_replace_earlier_ones(tmp_path):
    folder = tmp_path / "run" / "diverged"
    for number in range(2):
        engine = make(3)
        engine.keep_diverged(folder)
        engine._qvel[number, 7] = 1e7
        engine.step(np.tile(HOME, (3, 1)))
    saved = [np.load(path)["env_ids"].tolist() for path in sorted(folder.glob("*.npz"))]
    assert saved == [[0], [1]]


def test_a_folder_that_cannot_be_written_is_part_of_the_warning(tmp_path, caplog):
    (tmp_path / "file").touch()
    engine = make(2)
    engine.keep_diverged(tmp_path / "file" / "diverged")
    engine._qvel[0, 7] = 1e7
    engine.step(np.tile(HOME, (2, 1)))
    assert "cannot be saved" in caplog.text and "Not a directory" in caplog.text


def test_all_diverged_means_the_model_is_at_fault():
    engine = make(2)
    engine._qvel[:, 7] = 1e7
    with pytest.raises(SimulationError, match="all 2 environments"):
        engine.step(np.tile(HOME, (2, 1)))


def test_impossible_settings_are_refused():
    with pytest.raises(SpecError, match="substeps"):
        make(1, substeps=0)
    with pytest.raises(SpecError, match="peak_forces"):
        make(1, peak_forces=9)


def test_state_names_what_it_lacks():
    with pytest.raises(AttributeError, match="joint_pos"):
        _ = make(1).state.joint_position


def test_model_for_viewers_follows_the_first_environment():
    engine = make(2)
    model, data = engine.render_model()
    assert model.nlight > 0
    run(engine, 5)
    _, later = engine.render_model()
    assert later is data
    np.testing.assert_array_equal(data.qpos, engine._qpos[0])
