"""Runs one Isaac Lab engine through what test_engine.py looks at; a process each, as Isaac Lab wants it.

Called with the engine's name and the file to write.
"""

import sys

import numpy as np
import torch

from landward.errors import LandwardError
from robots import get_robot
from sims.check import check_env
from sims.engines import make_engine
from sims.physics import PhysicsCfg, PhysicsParameters
from sims.registry import make_env
from sims.terrain import Terrain

PHYSICS = PhysicsCfg(timestep=0.02 / 3, substeps=3, contact_bodies="feet")
N = 8
AIR, GROUND = 3.0, 0.0
TILTED = (0.8, 0.2, -0.4, 0.4)
"""Orientation (w, x, y, z) of environment 1 in `frames`."""
VELOCITY = (1.0, 2.0, 3.0, 0.1, 0.2, 0.3)
"""Its velocity: linear in the world, angular in the base's frame [m/s, rad/s]."""


def start(engine, height, quat=(1.0, 0.0, 0.0, 0.0), velocity=(0.0,) * 6, ids=None):
    """Default pose, the base `height` above its standing height."""
    ids = np.arange(N) if ids is None else np.array(ids)
    n, robot = len(ids), engine.robot
    pos = np.tile([0.1, 0.2, robot.standing_height + height], (n, 1))
    pose = np.tile(robot.default_joint_pos, (n, 1))
    engine.reset(ids, pos, np.tile(quat, (n, 1)), np.tile(velocity, (n, 1)), pose, np.zeros_like(pose))


def run(engine, targets, steps):
    """States after each of so many control steps, by name (T, N, ...)."""
    states = []
    for _ in range(steps):
        engine.step(np.array(targets, np.float32))
        state = {name: engine.state[name].clone().numpy() for name in engine.state}
        simulation, feet = engine._simulation, len(engine.robot.feet)
        forces = simulation.contacts.data.net_forces_w.torch[:, simulation.sensed[:feet]]
        states.append({**state, "foot_lift": forces[..., 2].clone().numpy()})
    return {name: np.array([state[name] for state in states]) for name in states[0]}


def nominal(engine, **parameters):
    """All parameters nominal but those given, without latency."""
    one = {name: np.ones(N) for name in ("strength", "armature")}
    one |= {"friction": np.full(N, 0.8), "payload": np.zeros(N), "latency": np.zeros(N)}
    engine.set_parameters(np.arange(N), PhysicsParameters(**{**one, **parameters}))


def frames(engine):
    """The state right after resets, and after the reset of one environment and a push of another."""
    start(engine, AIR)
    start(engine, AIR, TILTED, VELOCITY, [1])
    found = {f"start.{name}": engine.state[name].clone().numpy() for name in engine.state}
    engine.push(np.array([2]), np.array([[0.5, -0.25]]))
    found["pushed"] = engine.state.root_lin_vel_b.clone().numpy()
    return found


def bodies(engine):
    """Masses as Isaac Lab has them, by the order of its bodies."""
    lab = engine._simulation.robot
    return {"body_names": np.array(lab.body_names), "mass": lab.data.body_mass.torch[0].numpy()}


def response(engine):
    """Joints after a step of the targets, falling freely; each environment differs in one parameter."""
    factors = {"strength": np.ones(N), "armature": np.ones(N), "latency": np.zeros(N)}
    factors["strength"][1], factors["armature"][2] = 0.5, 4.0
    factors["latency"][3] = PHYSICS.control_period
    gains = np.ones((N, 12))
    gains[4] = 0.5
    nominal(engine, **factors, stiffness=gains)
    start(engine, AIR)
    targets = np.tile(engine.robot.default_joint_pos, (N, 1))
    targets[:, 1::3] += 0.2
    targets[:, 2::3] -= 0.2
    states = run(engine, targets, 12)
    nominal(engine, stiffness=np.ones((N, 12)))
    return {f"response.{name}": states[name] for name in ("joint_pos", "joint_vel", "joint_torque")}


def standing(engine):
    """A second of standing: nominal, with a payload, on ice and kicked."""
    payload, friction = np.zeros(N), np.full(N, 0.8)
    payload[1], friction[2] = 3.0, 0.02
    nominal(engine, payload=payload, friction=friction)
    start(engine, GROUND + 0.005)
    pose = np.tile(engine.robot.default_joint_pos, (N, 1))
    states = run(engine, pose, 45)
    found = {f"standing.{name}": value[-10:].mean(0) for name, value in states.items()}
    before = engine.state.root_pos_w.clone().numpy()
    engine.push(np.array([2, 3]), np.array([[0.0, 0.5]] * 2))
    run(engine, pose, 15)
    found["slid"] = engine.state.root_pos_w.clone().numpy() - before
    nominal(engine)
    return found


def divergence(engine):
    """One environment leaves physics; the others do not notice."""
    start(engine, AIR)
    pose = np.array(engine.robot.default_joint_pos)[None]
    engine.reset(
        np.array([5]), [[0.0, 0.0, AIR]], [[1.0, 0, 0, 0]], np.full((1, 6), np.nan), pose, np.zeros((1, 12))
    )
    engine.step(np.tile(pose, (N, 1)))
    finite = all(bool(torch.isfinite(engine.state[name]).all()) for name in engine.state)
    flagged = engine.diverged.clone().numpy()
    start(engine, AIR, ids=[5])
    engine.step(np.tile(pose, (N, 1)))
    return {"diverged": flagged, "finite": finite, "recovered": not bool(engine.diverged.any())}


def errors(engine, name):
    """What is refused, and in which words."""
    rough = Terrain(heights=np.zeros((4, 4), np.float32))
    attempts = {
        "rough": lambda: make_engine(name, engine.robot, PHYSICS, 1, rough),
        "second": lambda: make_engine(name, engine.robot, PHYSICS, 1),
        "latency": lambda: engine.set_parameters(np.array([0]), PhysicsParameters(latency=np.array([1.0]))),
        "payload": lambda: nominal(engine, payload=np.full(N, -99.0)),
    }
    return {f"error.{what}": message(attempt) for what, attempt in attempts.items()}


def message(attempt):
    """The message of the error that a call ends with."""
    try:
        attempt()
    except LandwardError as error:
        return str(error)
    return ""


def environment(name):
    """The contract of go1-flat on this engine."""
    env = make_env("go1-flat", num_envs=4, seed=0, overrides={"engine": name})
    findings = [f"{f.level}: {f.check}: {f.message}" for f in check_env(env)]
    env.close()
    return {"findings": np.array(findings, np.str_)}


def main(name, path):
    """Everything, written to one file."""
    engine = make_engine(name, get_robot("go1"), PHYSICS, N)
    found = {"mass_total": engine.total_mass}
    for part in (bodies, frames, response, standing, divergence):
        found |= part(engine)
    found |= errors(engine, name)
    engine.close()
    found |= environment(name)
    np.savez(path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
