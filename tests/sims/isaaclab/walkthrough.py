"""Everything that the tests of one backend want to know, in one process, because Isaac Lab launches once.

    python -m tests.sims.isaaclab.walkthrough ENGINE FOLDER

writes FOLDER/results.json.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tensordict import TensorDict

import sims.isaaclab.tasks  # noqa: F401  (registers the family also where the installation is older)
from agents.on_policy import train
from agents.recipes import agent_config
from landward.constraint import Constraint
from landward.onnx_policy import OnnxPolicy
from sims.check import check_env
from sims.check_tools import column_tolerance
from sims.isaaclab.cfg import IsaacLabCfg
from sims.registry import make_env

CARTPOLE, GO2 = "isaaclab:Isaac-Cartpole-Direct", "isaaclab:Isaac-Velocity-Flat-UnitreeGo2"
ITERATIONS = {"isaaclab-newton": 60, "isaaclab-physx": 150}
"""Of Cartpole, 512 environments: seed 1 first succeeds always after 50 on Newton and after 140 on PhysX."""
TORQUE = Constraint("torque", "joint_torque", 20.0, "N m")
HIPS = Constraint("hips", "joint_vel", 5.0, "rad/s", elements=("FL_hip_joint", "RR_hip_joint"))


def trained(task: str, cfg: IsaacLabCfg, num_envs: int, iterations: int, folder: Path) -> dict:
    """Train, close, export: what `landward train` does."""
    config = agent_config(task)
    config.iterations = iterations
    began = time.process_time()
    runner = train.start(task, config, num_envs, folder, cfg)
    with runner.source:
        status = runner.train()
    cpu = time.process_time() - began
    lines = runner.folder.metrics()
    report = train.export(runner.folder.path)
    return {
        "status": status,
        "cpu_seconds": cpu,
        "metrics": lines[-1],
        "policy": str(report.path),
        "export_error": report.error,
        "resets": report.resets,
        "run": str(runner.folder.path),
    }


def parity(task: str, cfg: IsaacLabCfg, run: dict, processed: str) -> dict:
    """The exported policy on named SI inputs against the network on the manager's own observation.

    Isaac Lab's play loop gives its observation buffer to the network and the network's answer to the task;
    what the task makes of it is its processed action.
    """
    folder = train.RunFolder.open(run["run"])
    with make_env(task, 16, seed=7, cfg=cfg) as env:
        runner = train.Runner(env, train._agent(folder), folder)
        runner.load(str(folder.latest_checkpoint()), load_cfg={"actor": True})
        actor = runner.alg.get_policy().eval()
        policy = OnnxPolicy(run["policy"], expected=env.spec, num_envs=16)
        env.reset(seed=7)
        env.episode_steps[::2] = env.max_episode_steps - 20
        worst = 0.0
        for _ in range(40):
            measured = {name: value.cpu().numpy() for name, value in env.measurements().items()}
            answer = policy(measured)
            with torch.inference_mode():
                raw = actor(TensorDict(env.lab.obs_buf, batch_size=[16]))
            step = env.step(raw)
            name = env.spec.actions[0].name
            made = (
                env.lab.actions
                if processed == ""
                else env.lab.action_manager.get_term(processed).processed_actions
            )
            worst = max(worst, float(np.abs(answer[name] - made.cpu().numpy()).max()))
            policy.reset((step.terminated | step.truncated).nonzero().squeeze(1).cpu().numpy())
        return {"worst": worst, "spec": json.loads(env.spec.to_json())}


def successes(task: str, cfg: IsaacLabCfg, policy_file: str) -> float:
    """Share of 64 first episodes that the exported policy brings to the time-out, driven by SI alone."""
    with make_env(task, 64, seed=11, cfg=cfg) as env:
        policy = OnnxPolicy(policy_file, expected=env.spec, num_envs=64)
        env.reset(seed=11)
        open_, won = np.ones(64, bool), 0
        for _ in range(env.max_episode_steps + 1):
            step = env.step_si(policy({k: v.cpu().numpy() for k, v in env.measurements().items()}))
            won += int((step.truncated.cpu().numpy() & open_).sum())
            open_ &= ~(step.terminated | step.truncated).cpu().numpy()
        assert not open_.any()
        return won / 64


def findings(env: object) -> list[dict]:
    """What check_env says."""
    return [dataclasses.asdict(finding) for finding in check_env(env)]


def time_outs(env) -> dict:
    """What a step says in which the clock runs out for all environments but the first."""
    env.reset(seed=1)
    env.episode_steps[1:] = env.max_episode_steps - 1
    before = env.observe()
    step = env.step(torch.zeros(env.num_envs, sum(term.size for term in env.spec.actions)))
    return {
        "truncated": step.truncated.tolist(),
        "terminated": step.terminated.tolist(),
        "kept": bool(torch.equal(step.final_obs["policy"][0], step.obs["policy"][0])),
        "moved_on": float((step.final_obs["policy"] - before["policy"]).abs().max()),
        "log": sorted(step.log),
        "steps": env.episode_steps.tolist(),
    }


def wrong_final_terms(env) -> list[str]:
    """Terms of the actor whose final observation is not what would have been seen without the time-out."""
    still = torch.zeros(env.num_envs, sum(term.size for term in env.spec.actions))
    env.reset(seed=1)
    going_on = env.step(still).obs["policy"]
    env.reset(seed=1)
    env.episode_steps[1:] = env.max_episode_steps - 1
    final = env.step(still).final_obs["policy"]
    terms = env.spec.group("policy")
    allowed = torch.from_numpy(column_tolerance(terms)).to(torch.float32) + 1e-4 * going_on.abs()
    off = ((final - going_on).abs() > allowed).any(0)
    names = [term.name for term in terms for _ in range(term.size * term.history)]
    return sorted({name for name, bad in zip(names, off.tolist(), strict=True) if bad})


def main(engine: str, folder: Path) -> None:
    """Run both tasks on one backend; both are stock, nothing is overridden."""
    results: dict = {}
    began = time.process_time()

    def done(name: str, value: object) -> None:
        results[name] = value
        (folder / "results.json").write_text(json.dumps(results, indent=1))
        print(f"{name} after {time.process_time() - began:.0f} s of CPU", file=sys.stderr, flush=True)

    cartpole = IsaacLabCfg(engine=engine)
    with make_env(CARTPOLE, 4, seed=0, cfg=cartpole) as env:
        done("cartpole_check", findings(env))
        done("cartpole_time_outs", time_outs(env))
        done("cartpole_final", wrong_final_terms(env))
    done("cartpole", trained(CARTPOLE, cartpole, 512, ITERATIONS[engine], folder))
    done("cartpole_success", successes(CARTPOLE, cartpole, results["cartpole"]["policy"]))
    done("cartpole_parity", parity(CARTPOLE, cartpole, results["cartpole"], ""))
    cfg = IsaacLabCfg(engine=engine, constraints=(TORQUE, HIPS))
    with make_env(GO2, 4, seed=0, cfg=cfg) as env:
        done("go2_joints", list(env.lab.scene["robot"].joint_names))
        done("go2_check", findings(env))
        done("go2_time_outs", time_outs(env))
        done("go2_final", wrong_final_terms(env))
    done("go2", trained(GO2, cfg, 32, 3, folder))
    done("go2_parity", parity(GO2, cfg, results["go2"], "joint_pos"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]))
