import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mujoco_warp")

from landward.array import to_numpy  # noqa: E402
from landward.errors import SimulationError  # noqa: E402
from robots import get_robot  # noqa: E402
from sims.mujoco.engine import MujocoEngine  # noqa: E402
from sims.physics import PhysicsCfg, PhysicsParameters  # noqa: E402
from sims.terrain import Terrain  # noqa: E402
from sims.warp.engine import WarpEngine  # noqa: E402

pytestmark = pytest.mark.warp

ROBOT = get_robot("go1")
HOME = np.array(ROBOT.default_joint_pos)
PHYSICS = PhysicsCfg(timestep=0.005, substeps=4, contact_bodies="feet")
"""One setting for nearly all tests: another one may have to compile kernels of its own."""
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")),
]


def make(n=3, device="cpu", dump_dir=None, **physics):
    settings = vars(PHYSICS) | physics
    engine = WarpEngine(ROBOT, PhysicsCfg(**settings), n, device=device, dump_dir=dump_dir)
    start(engine)
    return engine


def start(engine, ids=None, height=ROBOT.standing_height, spread=0.0):
    ids = np.arange(engine.num_envs) if ids is None else np.asarray(ids)
    random, n = np.random.default_rng(0), len(ids)
    engine.reset(
        ids,
        np.tile([0.0, 0.0, height], (n, 1)),
        np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)),
        spread * random.normal(size=(n, 6)),
        HOME + 0.3 * spread * random.normal(size=(n, 12)),
        spread * random.normal(size=(n, 12)),
    )


def tell(engine, steps, seed=0, size=0.2):
    random = np.random.default_rng(seed)
    for _ in range(steps):
        engine.step(HOME + size * random.normal(size=(engine.num_envs, 12)))


def snapshot(engine):
    return {name: np.array(to_numpy(value)) for name, value in engine.state.items()}


def assert_close(ours, theirs, tolerance):
    for name, value in theirs.items():
        scale = max(1.0, float(np.abs(value.astype(float)).max()))
        error = np.abs(ours[name].astype(float) - value.astype(float)).max() / scale
        assert error <= tolerance, f"{name} differs by {error:.1e} of {scale:.3g}"


@pytest.fixture(scope="module")
def pair():
    """The same robots in MuJoCo and in Warp, told to be different from one another."""
    n = 4
    engines = MujocoEngine(ROBOT, PHYSICS, n, threads=1), WarpEngine(ROBOT, PHYSICS, n)
    drawn = PhysicsParameters(
        friction=np.array([0.4, 0.8, 1.0, 1.5]),
        payload=np.array([0.0, 1.0, 2.0, -1.0]),
        strength=np.array([1.0, 0.9, 1.1, 1.0]),
        stiffness=np.tile([[1.0], [1.1], [0.9], [1.0]], (1, 12)),
        damping=np.tile([[1.0], [0.9], [1.1], [1.2]], (1, 12)),
        armature=np.array([1.0, 1.2, 1.0, 0.8]),
        latency=np.array([0.0, 0.004, 0.0075, 0.02]),
    )
    for engine in engines:
        engine.set_parameters(np.arange(n), drawn)
    return engines


def test_the_state_after_a_reset_is_that_of_mujoco(pair):
    for engine in pair:
        start(engine, height=0.27, spread=0.3)
    theirs, ours = map(snapshot, pair)
    assert list(ours) == list(theirs)
    for name in theirs:
        assert ours[name].dtype == theirs[name].dtype, name
    # Single precision; accelerations and contact forces come out of the solver.
    assert_close(ours, theirs, 2e-5)


def test_in_the_air_the_robot_moves_as_in_mujoco(pair):
    """Without contacts nothing is chaotic: gains, limits, masses, rotors and delays are the same."""
    for engine in pair:
        start(engine, height=1.5)
        tell(engine, 20)
    assert_close(*map(snapshot, reversed(pair)), 2e-3)


def test_on_the_ground_it_moves_as_in_mujoco_until_chaos(pair):
    """Landing and standing for 0.2 s: rounding is a ten-millionth and contacts multiply it."""
    for engine in pair:
        start(engine, height=ROBOT.standing_height + 0.02)
        for _ in range(10):
            engine.step(np.tile(HOME, (4, 1)))
    theirs, ours = map(snapshot, pair)
    np.testing.assert_allclose(ours["joint_pos"], theirs["joint_pos"], atol=5e-3)
    np.testing.assert_allclose(ours["root_pos_w"], theirs["root_pos_w"], atol=2e-3)
    np.testing.assert_array_equal(ours["foot_contact"], theirs["foot_contact"])


@pytest.mark.parametrize("actuator", ["pd", "dc_motor"])
def test_a_standing_robot_bears_its_weight_on_its_feet(actuator):
    engine = make(2, actuator=actuator, peak_forces=3)
    engine.set_parameters(np.array([1]), PhysicsParameters(payload=np.array([3.0])))
    for _ in range(60):
        engine.step(np.tile(HOME, (2, 1)))
    state = snapshot(engine)
    assert state["foot_contact"].all()
    weight = state["foot_force"].sum(1)
    np.testing.assert_allclose(weight, [engine.total_mass * 9.81, (engine.total_mass + 3) * 9.81], rtol=0.05)
    assert np.abs(state["foot_height"]).max() < 0.005
    assert state["body_force"].max() == 0.0


def test_contacts_are_named_by_foot_and_body():
    engine = make(2)
    quat = np.array([[1.0, 0, 0, 0], [0.0, 1.0, 0, 0]])  # the second one on its back
    pos = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.06]])
    lifted = np.tile(HOME, (2, 1))
    engine.reset(np.arange(2), pos, quat, np.zeros((2, 6)), lifted, np.zeros((2, 12)))
    for _ in range(10):
        engine.step(lifted)
    state = snapshot(engine)
    base = ROBOT.watched.index(ROBOT.base) if ROBOT.base in ROBOT.watched else None
    assert not state["foot_contact"].any()
    if base is not None:
        assert state["body_force"][1, base] > 50.0 and state["body_force"][0].max() == 0.0


@pytest.mark.parametrize("actuator", ["pd", "dc_motor"])
def test_latency_delays_the_torque_by_whole_physics_steps(actuator):
    engine = make(2, actuator=actuator, substeps=1)
    engine.set_parameters(np.arange(2), PhysicsParameters(latency=np.array([0.0, 0.015])))
    start(engine, height=2.0)  # in the air: nothing else moves the joints at first
    first = []
    for _ in range(6):
        engine.step(np.tile(HOME + 0.3, (2, 1)))
        first.append(snapshot(engine)["joint_torque"][:, 2])
    lags = [int(np.flatnonzero(np.array(first)[:, env] > 1.0)[0]) for env in range(2)]
    assert lags == [0, 3]


def test_slippery_feet_slide_when_kicked():
    engine = make(2)
    engine.set_parameters(np.arange(2), PhysicsParameters(friction=np.array([0.05, 1.0])))
    engine.push(np.arange(2), np.tile([0.0, 0.6], (2, 1)))
    np.testing.assert_allclose(snapshot(engine)["root_lin_vel_b"][:, 1], 0.6, atol=1e-6)
    for _ in range(15):
        engine.step(np.tile(HOME, (2, 1)))
    state = snapshot(engine)
    assert state["root_pos_w"][0, 1] > state["root_pos_w"][1, 1] + 0.02


@pytest.mark.parametrize("device", DEVICES)
def test_a_reset_of_one_leaves_the_others_alone(device):
    one, other = make(3, device), make(3, device)
    for engine in (one, other):
        tell(engine, 5)
    before = snapshot(one)
    start(one, [1])
    after = snapshot(one)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name][[0, 2]], value[[0, 2]], err_msg=name)
    np.testing.assert_allclose(after["joint_pos"][1], HOME, atol=1e-6)
    for engine in (one, other):
        tell(engine, 1, seed=1)
    if device == "cpu":
        np.testing.assert_array_equal(
            snapshot(one)["joint_pos"][[0, 2]], snapshot(other)["joint_pos"][[0, 2]]
        )


@pytest.mark.parametrize("actuator", ["pd", "dc_motor"])
def test_a_saved_state_goes_on_bit_equal(actuator):
    engine = make(3, actuator=actuator)
    drawn = {"latency": np.array([0.0, 0.01, 0.02]), "payload": np.array([0.0, 1.0, 2.0])}
    engine.set_parameters(np.arange(3), PhysicsParameters(**drawn))
    tell(engine, 5)
    saved = engine.state_dict()
    tell(engine, 5, seed=1)
    there = snapshot(engine)
    other = make(3, actuator=actuator)
    other.load_state_dict(saved)
    tell(other, 5, seed=1)
    for name, value in snapshot(other).items():
        np.testing.assert_array_equal(value, there[name], err_msg=name)


def test_the_state_of_a_step_is_not_changed_by_the_next():
    engine = make(2)
    tell(engine, 1)
    held, copies = dict(engine.state), snapshot(engine)
    tell(engine, 1, seed=3)
    for name, value in held.items():
        np.testing.assert_array_equal(value.numpy(), copies[name], err_msg=name)


def test_a_diverged_environment_is_flagged_saved_and_made_finite(tmp_path):
    engine = make(3, dump_dir=tmp_path)
    engine._qvel[1, 7] = 1e7
    engine.step(np.tile(HOME, (3, 1)))
    assert engine.diverged.tolist() == [False, True, False]
    assert all(np.isfinite(value.astype(float)).all() for value in snapshot(engine).values())
    saved = np.load(next(tmp_path.glob("diverged_*.npz")))
    assert saved["env_ids"].tolist() == [1]
    assert saved["qvel_before"][0, 7] == 1e7
    start(engine, [1])
    assert not engine.diverged.any()


@pytest.mark.parametrize(("name", "value"), [("friction", -1.0), ("payload", -50.0), ("latency", 0.5)])
def test_impossible_physics_is_refused(pair, name, value):
    with pytest.raises(SimulationError, match=name):
        WarpEngine(ROBOT, PHYSICS, 1).set_parameters(
            np.array([0]), PhysicsParameters(**{name: np.array([value])})
        )


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(SimulationError, match="cannot use the device 'cuda:7': this machine has .*cpu"):
        WarpEngine(ROBOT, PHYSICS, 1, device="cuda:7")


def test_left_out_contacts_are_told_once(caplog):
    engine = make(2)
    engine._overflow[1] = engine._room
    tell(engine, 130)
    assert caplog.text.count("no room for all contacts of 1 environment(s) of go1") == 1


def test_the_viewers_model_follows_the_first_environment():
    engine = make(2)
    tell(engine, 2)
    _, data = engine.render_model()
    np.testing.assert_allclose(data.qpos, engine._qpos[0].numpy(), atol=1e-7)


@pytest.mark.slow  # collisions with height fields are many more kernels
def test_a_height_field_carries_the_robot_as_in_mujoco():
    axis = (np.arange(41) - 20) * 0.1
    slope = Terrain(heights=np.tile(0.1 * axis[None, :], (41, 1)).astype(np.float32), cell=0.1)
    engines = MujocoEngine(ROBOT, PHYSICS, 1, slope, threads=1), WarpEngine(ROBOT, PHYSICS, 1, slope)
    for engine in engines:
        start(engine, height=ROBOT.standing_height + 0.03)
        for _ in range(25):
            engine.step(HOME[None])
    theirs, ours = map(snapshot, engines)
    assert theirs["foot_contact"].any() and ours["foot_contact"].any()
    np.testing.assert_allclose(ours["root_pos_w"], theirs["root_pos_w"], atol=5e-3)
    np.testing.assert_allclose(ours["foot_height"], theirs["foot_height"], atol=5e-3)
