"""A batch of remote worlds as an `Env`: workers step at once, what dies is replaced, the run goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.action import decode_all
from landward.errors import EnvContractError, LandwardError, SimulationError
from landward.spec import PolicySpec
from sims.env import Env, Step
from sims.remote.block import FINAL, OBS, STATE, Block, fields_of
from sims.remote.groups import Arrays, ObservationGroups
from sims.remote.pool import Failure, Patience, Pool
from sims.remote.world import World

_LOG = logging.getLogger(__name__)

MAX_LOSSES = 5
"""Times that one episode is lost before the run is given up."""


class RemoteEnv(Env):
    """N worlds, a worker process each; all arrays are NumPy.

    An episode's seed comes from the seed of the last `reset(seed)`, the environment's index and the
    episode's number, so episodes do not depend on how others went. Where a world is lost in the middle of an
    episode (its simulator or its worker died or hangs), that step is reported truncated, with reward 0 and
    the last observation as the final one; then the same episode starts again in a new worker.
    """

    device = "cpu"

    def __init__(
        self,
        spec: PolicySpec,
        makes: Iterable[Callable[[bool], Callable[[], World]]],
        max_episode_steps: int,
        seed: int = 0,
        restart_every: int = 0,
        patience: Patience | None = None,
    ) -> None:
        """Start the workers and the first episodes.

        Args:
            spec: the contract.
            makes: one an environment: (whether the world replaces one) -> what makes it in a worker.
            max_episode_steps: control steps at which the clock cuts an episode.
            seed: of all episodes.
            restart_every: episodes after which a worker is replaced, with its simulator; 0 for never.
            patience: how long workers may take.

        Raises:
            LandwardError: a world could not be made; no process is left.
        """
        makes = tuple(makes)
        self.spec, self.num_envs, self.max_episode_steps = spec, len(makes), max_episode_steps
        self.episode_steps = np.zeros(self.num_envs, np.int64)
        self.faults = 0
        """Worlds lost so far."""
        self._patience, self._restart_every = patience or Patience(), restart_every
        self._all = list(range(self.num_envs))
        self._losses, self._since_start = np.zeros(self.num_envs, int), np.zeros(self.num_envs, int)
        self._episode = np.zeros(self.num_envs, int)
        self._width = sum(term.size for term in spec.actions)
        self._gates = {constraint.when for constraint in spec.constraints}
        self._obs: Arrays = {}
        self._block = Block(fields_of(spec), self.num_envs)
        self._pool = Pool(makes, spec, self._block)
        try:
            for row, answer in sorted(self._pool.gather(self._all, self._patience.start).items()):
                if isinstance(answer, Failure):
                    raise LandwardError(f"environment {row} could not be made: {answer.message}")
            self.reset(seed)
        except BaseException:
            self.close()
            raise

    def reset(self, seed: int | None = None, env_ids: Any = None) -> Arrays:
        """See Env."""
        if seed is not None and env_ids is not None:
            raise EnvContractError("reset(seed=...) restarts every random stream: leave env_ids out")
        rows = self._all if env_ids is None else [int(row) for row in env_ids]
        if seed is not None:
            self._seed, self._obs = seed, {}
            self._episode[:] = 0
            self._groups = ObservationGroups(self.spec, self.num_envs, seed)
        else:
            self._episode[rows] += 1
        self._begin(rows)
        return self._started(rows)

    def step(self, actions: Any) -> Step:
        """See Env."""
        raw = np.asarray(actions, np.float32)
        _check(raw, (self.num_envs, self._width), "actions")
        return self.step_si(decode_all(self.spec.actions, raw))

    def step_si(self, targets: Mapping[str, Any]) -> Step:
        """See Env."""
        parts = []
        for term in self.spec.actions:
            if term.name not in targets:
                raise EnvContractError(f"the targets lack the action {term.name!r}")
            part = np.asarray(targets[term.name], np.float32)
            _check(part, (self.num_envs, *term.shape), f"targets of {term.name!r}")
            parts.append(part.reshape(self.num_envs, -1))
        return self._advance(np.concatenate(parts, axis=1))

    def observe(self) -> Arrays:
        """See Env."""
        return self._obs

    def measurements(self) -> Arrays:
        """See Env."""
        return self._groups.measurements()

    def render(self, env_id: int = 0, size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
        """See Env."""
        self._pool.send({env_id: ("picture", size)})
        answer = self._pool.gather([env_id], self._patience.step)[env_id]
        if isinstance(answer, Failure):
            self._note_losses({env_id: answer})
            self._revive([env_id])
            self._started([env_id])
            raise SimulationError(f"environment {env_id} gave no picture: {answer.message}")
        return answer[1]

    def close(self) -> None:
        """See Env."""
        self._pool.close(self._patience.close)
        self._block.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers; each leads a process group with what it started."""
        return [worker.pid for worker in self._pool.workers]

    def _advance(self, control: NDArray[np.float32]) -> Step:
        last = self.episode_steps + 1 >= self.max_episode_steps
        commands = {}
        for row in self._all:
            seed = None if self._is_due(row) else self._seed_of(row, int(self._episode[row]) + 1)
            commands[row] = ("step", control[row].tolist(), bool(last[row]), seed)
        self._pool.send(commands)
        answers = self._pool.gather(self._all, self._patience.step)
        lost = [row for row, answer in answers.items() if isinstance(answer, Failure)]
        ended = [row for row, answer in answers.items() if not isinstance(answer, Failure) and answer[1]]
        self._note_losses({row: answers[row] for row in lost})
        self._losses[ended] = 0
        step = self._step_of(ended, lost)
        infos = [answers[row][2] for row in ended]  # type: ignore[index]
        if ended or lost:
            self._next_episodes(ended, lost)
            step.final_obs, step.obs = step.obs, self._started(sorted(ended + lost))
        if ended:
            step.log |= _means(infos)
        if self.faults:
            step.log["faults/total"] = float(self.faults)
        return step

    def _step_of(self, ended: list[int], lost: list[int]) -> Step:
        """The step that was taken, before any new episode begins."""
        arrays = self._block.arrays
        terms = {name: np.array(array) for _, name, array in self._block.named(OBS)}
        for _, name, array in self._block.named(FINAL):
            terms[name][ended] = array[ended]
            terms[name][lost] = self._terms[name][lost]
        state = {name: np.array(array) for _, name, array in self._block.named(STATE)}
        self._terms = terms
        reward, terminated = np.array(arrays["reward"]), np.array(arrays["terminated"])
        truncated = np.array(arrays["truncated"])
        reward[lost], terminated[lost], truncated[lost] = 0.0, False, True
        entries = {name: array != 0.0 if name in self._gates else array for name, array in state.items()}
        constraints = {
            c.name: c.value(entries, {}).astype(np.float32, copy=False) for c in self.spec.constraints
        }
        self.episode_steps += 1
        self._obs = self._groups.observe(terms)
        return Step(self._obs, reward, terminated, truncated, constraints)

    def _next_episodes(self, ended: list[int], lost: list[int]) -> None:
        """Wait for the episodes that follow; those of lost worlds are begun again."""
        self._episode[ended] += 1
        due = [row for row in ended if self._is_due(row)]
        self._since_start[ended] += 1
        begun = [row for row in ended if row not in due]
        answers = self._pool.gather(begun, self._patience.reset)
        failed = {row: answer for row, answer in answers.items() if isinstance(answer, Failure)}
        self._note_losses(failed)
        self._revive(sorted(lost + list(failed) + due), asked=due)

    def _begin(self, rows: list[int]) -> None:
        """Begin the episodes that the counters name."""
        self._pool.send({row: ("reset", self._seed_of(row, int(self._episode[row]))) for row in rows})
        answers = self._pool.gather(rows, self._patience.reset)
        failed = {row: answer for row, answer in answers.items() if isinstance(answer, Failure)}
        self._note_losses(failed)
        self._revive(sorted(failed))

    def _revive(self, rows: list[int], asked: Iterable[int] = ()) -> None:
        """Replace workers, and begin the episodes that the counters name.

        Args:
            rows: which.
            asked: those of them whose worlds are sound, and are asked to tidy up first.
        """
        for row in rows:
            self._pool.replace(row, self._patience.close if row in asked else 0.0)
        self._since_start[rows] = 0
        while rows:
            answers = self._pool.gather(rows, self._patience.start)
            made = [row for row in rows if not isinstance(answers[row], Failure)]
            self._pool.send({row: ("reset", self._seed_of(row, int(self._episode[row]))) for row in made})
            answers |= self._pool.gather(made, self._patience.reset)
            failed = {row: answer for row, answer in answers.items() if isinstance(answer, Failure)}
            self._note_losses(failed)
            rows = sorted(failed)
            for row in rows:
                self._pool.replace(row)

    def _started(self, rows: list[int]) -> Arrays:
        """The observations after episodes began in some rows."""
        terms = {name: np.array(array) for _, name, array in self._block.named(OBS)}
        if self._obs:
            going_on = [row for row in self._all if row not in rows]
            for name, array in terms.items():
                array[going_on] = self._terms[name][going_on]
        self._terms = terms
        self.episode_steps[rows] = 0
        self._obs = self._groups.begin(np.asarray(rows, np.int64), terms, self._obs)
        return self._obs

    def _note_losses(self, failures: Mapping[int, Any]) -> None:
        """Count and log; give up where it makes no sense to go on."""
        for row, failure in sorted(failures.items()):
            if failure.fatal:
                raise LandwardError(f"environment {row}: {failure.message}")
            self.faults += 1
            self._losses[row] += 1
            if self._losses[row] >= MAX_LOSSES:
                raise SimulationError(
                    f"environment {row} lost its simulator {MAX_LOSSES} times in one episode: "
                    f"{failure.message}"
                )
            _LOG.warning(
                "environment %d lost its simulator (fault %d): %s. Its episode is repeated",
                row,
                self.faults,
                failure.message,
            )

    def _is_due(self, row: int) -> bool:
        return bool(self._restart_every) and self._since_start[row] + 1 >= self._restart_every

    def _seed_of(self, row: int, episode: int) -> int:
        """31 bits, as CARLA's TrafficManager takes them."""
        return int(np.random.SeedSequence((self._seed, row, episode)).generate_state(1)[0] >> 1)


def _check(values: NDArray[np.float32], shape: tuple[int, ...], what: str) -> None:
    if values.shape != shape:
        raise EnvContractError(f"{what} must be {shape}, got {values.shape}")
    finite = np.isfinite(values).reshape(len(values), -1).all(1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise EnvContractError(f"{what} of environment {row} are not finite: {values[row].tolist()}")


def _means(infos: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each scalar over the episodes that have it."""
    names = dict.fromkeys(name for info in infos for name in info)
    return {name: float(np.mean([info[name] for info in infos if name in info])) for name in names}
