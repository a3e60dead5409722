"""The training loop: rsl_rl's runner with exact resume, atomic checkpoints, guards and a quiet display.

Several ranks (see `world`) run the same loop side by side, iteration by iteration. The first one writes the
run folder and shows the progress.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import time
from pathlib import Path
from typing import Any

import torch
from rsl_rl.runners import OnPolicyRunner

from agents.on_policy import checkpoint, states
from agents.on_policy.config import TrainConfig
from agents.on_policy.guard import check_step
from agents.on_policy.metrics import average, iteration_means, with_prefix
from agents.on_policy.mirror import build_mirror
from agents.on_policy.ppo import ConstrainedPPO
from agents.on_policy.progress import TrainingProgress
from agents.on_policy.signals import StopSignals
from agents.on_policy.translation import rsl_rl_config
from agents.on_policy.world import ALONE, World
from landward.atomic import describe_os_error, os_error_behind
from landward.errors import CheckpointError, LandwardError, RunError
from landward.runs import RunFolder, open_checkpoint
from robots.robot import get_robot
from sims.bridges.rsl_rl import RslRlVecEnv
from sims.env import Env


class Runner(OnPolicyRunner):
    """Trains on one environment into one run folder.

    `current_learning_iteration` is the number of finished iterations. A checkpoint holds everything that
    decides on what follows, so a run that is killed and resumed writes the same checkpoints, byte for byte,
    as one that is not.
    """

    alg: ConstrainedPPO

    def __init__(self, env: Env, config: TrainConfig, folder: RunFolder, world: World = ALONE) -> None:
        """Build networks, storage and logger.

        Args:
            env: a fresh environment, seeded with `world.seed(config.seed)`.
            config: settings of the run.
            folder: where everything is written, by the first rank.
            world: the ranks that train together, each with such an environment.

        Raises:
            LandwardError: settings that do not fit each other or the task.
        """
        config.validate()
        device = world.device(config.device)
        _check_device(device)
        self.config, self.folder, self.source, self.world = config, folder, env, world
        if torch.device(device).type == "cpu":
            # one thread each for the actor's and the critic's update; the small matrices gain nothing from
            # more
            torch.set_num_threads(1)
        checkpoint.seed_all(world.seed(config.seed))
        vec = RslRlVecEnv(env, device)
        mirror = None
        if config.ppo.mirror:
            groups = dict.fromkeys([*env.spec.actor, *config.model.critic_groups])
            mirror = build_mirror(
                env.spec, get_robot(env.spec.robot), [g for g in groups if g in env.spec.groups]
            )
        settings = rsl_rl_config(config, env.spec, env.num_envs * world.size, mirror)
        super().__init__(vec, settings, str(folder.path), device)
        self.logger.git_status_repos = []
        self._seconds_before = 0.0
        self._started = time.monotonic()
        if world.size > 1:
            self.alg.broadcast_parameters()

    @property
    def env_steps(self) -> int:
        """Environment steps done, all environments of all ranks together."""
        return self.alg.env_steps

    def train(self) -> int:
        """Train until a limit of the config or a signal, and keep a checkpoint of the last iteration.

        Returns:
            0, or 130 after SIGINT and 143 after SIGTERM.

        Raises:
            SimulationError: a NaN; nothing is saved.
            RunError: the disk is full or unwritable; earlier checkpoints are kept.
        """
        try:
            return self._train()
        except Exception as error:
            cause = os_error_behind(error)
            if cause is None or isinstance(error, RunError):
                raise
            raise RunError(describe_os_error("write", self.folder.path, cause)) from error

    def save(self, path: str = "", infos: dict | None = None) -> None:
        """Write a checkpoint of the finished iteration into the run folder; all ranks together.

        Args:
            path: unused; the folder decides.
            infos: further plain data to keep.

        Raises:
            RunError: the disk is full or unwritable; earlier checkpoints are kept.
            SimulationError: the ranks' networks have parted.
        """
        own, others = states.own_state(self), []
        if self.world.size > 1:
            digests = self.world.gather(states.model_digest(self.alg))
            states.check_in_step(digests, self.current_learning_iteration)
            others = self.world.gather(checkpoint.encode(own))[1:]
        if not self.world.main:
            return
        content = {
            "iteration": self.current_learning_iteration,
            "spec_hash": self.source.spec.hash,
            "algorithm": self.alg.save(),
            "environment": own["environment"],
            "random": own["random"],
            "others": others,
            "logger": {
                "steps": self.logger.tot_timesteps,
                "rewards": list(self.logger.rewbuffer),
                "lengths": list(self.logger.lenbuffer),
                "reward_sums": self.logger.cur_reward_sum,
                "episode_lengths": self.logger.cur_episode_length,
            },
            "infos": infos,
        }
        written = self.folder.write_checkpoint(
            self.current_learning_iteration, lambda stream: checkpoint.write(stream, content)
        )
        self.logger.save_model(str(written), self.current_learning_iteration)

    def load(
        self, path: str, load_cfg: dict | None = None, strict: bool = True, map_location: str | None = None
    ) -> dict:
        """Go on from a checkpoint of this run; all ranks together.

        Networks, optimisers, normalisers, the constraints' running maxima, counters and schedules go on
        whatever the number of ranks; episodes and random streams where that is the one of the checkpoint.

        Args:
            path: file of `checkpoints/`.
            load_cfg: as in rsl_rl: load only these parts of the algorithm, and nothing else of the run.
            strict: as in rsl_rl.
            map_location: unused; tensors go where they belong.

        Raises:
            CheckpointError: damaged, or of another task.
        """
        content = checkpoint.read(open_checkpoint(Path(path)), path)
        expected = self.source.spec.hash
        if content["spec_hash"] != expected:
            raise CheckpointError(
                f"{path} was trained on spec {content['spec_hash']}, the environment has {expected}: "
                "resume with the task and settings of that run"
            )
        self.alg.load(content["algorithm"], load_cfg, strict)
        if load_cfg is not None:
            return content["infos"]
        self.current_learning_iteration = content["iteration"]
        logged = content["logger"]
        self.logger.tot_timesteps = logged["steps"]
        self.logger.rewbuffer.extend(logged["rewards"])
        self.logger.lenbuffer.extend(logged["lengths"])
        first = {**content, "hidden_states": content["algorithm"]["hidden_states"]}
        ranks = [first, *content.get("others", [])]
        if len(ranks) == self.world.size:
            self.logger.cur_reward_sum = logged["reward_sums"].to(self.device)
            self.logger.cur_episode_length = logged["episode_lengths"].to(self.device)
            states.restore(self, ranks[self.world.rank])
        else:
            states.start_afresh(self, len(ranks))
        self._keep_schedules()
        if self.config.ppo.entropy_steps <= 0:
            self.alg.entropy_steps = self._steps_at_the_end()
        self.alg.schedule_steps = self._steps_at_the_end()
        if self.world.main:
            self.folder.drop_metrics_after(self.current_learning_iteration)
            lines = self.folder.metrics()
            self._seconds_before = float(lines[-1]["seconds"]) if lines else 0.0
        return content["infos"]

    def spread_episodes(self) -> None:
        """Put the environments at random points of their episodes, so that they do not end together."""
        lengths = self.env.episode_length_buf
        self.env.episode_length_buf = torch.randint_like(lengths, high=int(self.env.max_episode_length))

    def _configure_multi_gpu(self) -> None:
        # rsl_rl's own joins NCCL here; our ranks have met already, over Gloo where there is no GPU
        world = self.world
        self.is_distributed, self.gpu_world_size = world.size > 1, world.size
        self.gpu_global_rank, self.gpu_local_rank = world.rank, world.local_rank
        settings = {"global_rank": world.rank, "local_rank": world.local_rank, "world_size": world.size}
        self.cfg["multi_gpu"] = settings if self.is_distributed else None

    def _train(self) -> int:
        self._started = time.monotonic()
        with contextlib.redirect_stdout(io.StringIO()):  # of the first rank, which alone has a writer
            self.logger.init_logging_writer()
        with contextlib.suppress(OSError):  # rsl_rl's folder for diffs; provenance.json has the commit
            (self.folder.path / "git").rmdir()
        if self.current_learning_iteration == 0 and self.config.spread_episodes:
            self.spread_episodes()
        obs = self.env.get_observations()
        self.alg.train_mode()
        found = self.world.share(self.folder.latest_checkpoint() if self.world.main else None)
        saved = self.current_learning_iteration if found else -1
        done, total, unit = self._amounts()
        shown = TrainingProgress(total, unit, done) if self.world.main else contextlib.nullcontext()
        try:
            with StopSignals() as stop, shown as progress:
                while not self._ends(stop):
                    obs, line = self._iteration(obs)
                    if progress is not None:
                        self._report(line, progress)
                    if self.current_learning_iteration % self.config.checkpoint_interval == 0:
                        self.save()
                        saved = self.current_learning_iteration
                if saved != self.current_learning_iteration:
                    self.save()
        finally:
            if self.logger.writer is not None:
                with contextlib.suppress(OSError):  # the disk may be what ended the run
                    self.logger.writer.close()
                    self.logger.stop_logging_writer()
        return stop.exit_code

    def _ends(self, stop: StopSignals) -> bool:
        """Whether no further iteration is to begin, on all ranks alike."""
        stop.received = self.world.largest(stop.received)
        return bool(stop.received) | bool(self.world.largest(int(self._finished())))

    def _iteration(self, obs: Any) -> tuple[Any, dict[str, Any]]:
        """One rollout and one update; returns the next observations and, on the first rank, the metrics."""
        start, steps = time.monotonic(), self.cfg["num_steps_per_env"]
        logs: dict[str, list[float]] = {}
        reward_sum = torch.zeros((), device=self.device)
        with torch.inference_mode():
            for step in range(steps):
                actions = self.alg.act(obs)
                obs, rewards, dones, extras = self.env.step(actions)
                control_step = self.current_learning_iteration * steps + step + 1
                check_step(self.source.spec, obs, rewards, extras["constraints"], control_step)
                self.alg.process_env_step(obs, rewards, dones, extras)
                self.logger.process_env_step(rewards, dones, {})
                reward_sum = reward_sum + rewards.mean()
                for name, value in extras["log"].items():
                    logs.setdefault(name, []).append(float(value))
            collected = time.monotonic()
            self.alg.compute_returns(obs)
        losses = self.alg.update()
        end = time.monotonic()
        self.current_learning_iteration += 1
        self._keep_schedules()

        statistics = self.alg.terminations.take_statistics() if self.alg.terminations is not None else {}
        measured = {"reward": reward_sum.item() / steps, **{f"loss/{name}": x for name, x in losses.items()}}
        ranks = self.world.gather({**measured, **iteration_means(logs, statistics)})
        return obs, self._line(average(ranks), start, collected, end) if ranks else {}

    def _line(self, numbers: dict[str, float], start: float, collected: float, end: float) -> dict[str, Any]:
        """Give the curves to rsl_rl's logger; returns the line of metrics.jsonl."""
        measured = ("reward", *(name for name in numbers if name.startswith("loss/")))
        means = {name: value for name, value in numbers.items() if name not in measured}
        self.logger.ep_extras.append(dict(means))
        with contextlib.redirect_stdout(io.StringIO()):  # its printed table
            self.logger.log(
                it=self.current_learning_iteration,
                start_it=0,
                total_it=self.current_learning_iteration,
                collect_time=collected - start,
                learn_time=end - collected,
                loss_dict=with_prefix("loss/", numbers),
                learning_rate=self.alg.learning_rate,
                action_std=self.alg.get_policy().output_std,
                rnd_weight=None,
            )
        episode_rewards, lengths = self.logger.rewbuffer, self.logger.lenbuffer
        return {
            "iteration": self.current_learning_iteration,
            "steps": self.env_steps,
            "seconds": round(self._seconds(), 3),
            "steps_per_second": round(self._steps_of_an_iteration / (end - start), 1),
            "collect_seconds": round(collected - start, 4),
            "learn_seconds": round(end - collected, 4),
            "reward": numbers["reward"],
            "episode_reward": sum(episode_rewards) / len(episode_rewards) if episode_rewards else None,
            "episode_length": sum(lengths) / len(lengths) if lengths else None,
            "learning_rate": self.alg.learning_rate,
            "action_std": self.alg.get_policy().output_std.mean().item(),
            "entropy_coef": self.alg.entropy_coef,
            **{name: numbers[name] for name in measured[1:]},
            **means,
        }

    def _report(self, line: dict[str, Any], progress: TrainingProgress) -> None:
        self.folder.log(line)
        tracking = [v for k, v in line.items() if "tracking" in k.lower() and isinstance(v, float)]
        violations = [v for k, v in line.items() if k.endswith("_violated_percent")]
        shown = {
            "steps/s": line["steps_per_second"],
            "reward": line["reward"] if line["episode_reward"] is None else line["episode_reward"],
            "tracking": tracking[0] if tracking else None,
            "violated %": max(violations) if violations else None,
        }
        progress.update(self._amounts()[0], self.current_learning_iteration, shown)

    @property
    def _steps_of_an_iteration(self) -> int:
        return self.cfg["num_steps_per_env"] * self.env.num_envs * self.world.size

    def _keep_schedules(self) -> None:
        """Schedules of the environment count the steps of all ranks, and of all parts of the run."""
        if hasattr(self.source, "total_steps"):
            self.source.total_steps = self.env_steps

    def _seconds(self) -> float:
        """Wall time of the whole run, of its earlier parts too."""
        return self._seconds_before + time.monotonic() - self._started

    def _amounts(self) -> tuple[float, float, str]:
        """Done, total and unit of what decides on the end of the run."""
        total = self._steps_at_the_end()
        if total > 0:
            return self.env_steps, total, "steps"
        return self._seconds() / 60.0, self.config.minutes, "minutes"

    def _steps_at_the_end(self) -> float:
        """Environment steps after which the run ends, 0 where only the clock ends it.

        Iterations before a change of the number of ranks had another number of steps.
        """
        left = max(self.config.iterations - self.current_learning_iteration, 0)
        by_iterations = self.env_steps + left * self._steps_of_an_iteration if self.config.iterations else 0
        limits = [by_iterations, self.config.total_steps]
        return min((limit for limit in limits if limit > 0), default=0.0)

    def _finished(self) -> bool:
        limit = self._steps_at_the_end()
        out_of_time = self.config.minutes > 0 and self._seconds() >= 60.0 * self.config.minutes
        return out_of_time or 0 < limit <= self.env_steps


def _check_device(name: str) -> None:
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise LandwardError(f"device {name!r} cannot be used: {reason}; use cpu, cuda or cuda:N") from None


def config_document(
    config: TrainConfig, num_envs: int, env: dict[str, Any], changed: dict[str, Any], ranks: int = 1
) -> dict[str, Any]:
    """What config.json holds besides task and seed: enough to make the run again.

    Args:
        config: settings of the agent.
        num_envs: number of environments, of each rank.
        env: every setting of the task, see `settings.document`.
        changed: those that differ from the registered configuration, "section.field" -> value.
        ranks: processes that train together, one a GPU.
    """
    agent = json.loads(json.dumps(dataclasses.asdict(config)))
    return {"num_envs": num_envs, "gpus": ranks, "agent": agent, "changed": changed, "env": env}
