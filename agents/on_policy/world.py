"""The processes ("ranks") that train one policy together: one a GPU, or one alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import numpy as np
import torch
from torch import distributed

from landward.errors import LandwardError

PATIENCE = timedelta(minutes=30)
"""How long a rank waits for the others; compiling a simulator's kernels for the first time takes minutes."""


@dataclass(frozen=True)
class World:
    """A rank's place among those that hold the same networks, each with environments of its own.

    rsl_rl averages gradients, the KL divergence that adapts the learning rate, and observation statistics;
    whatever else must be the same on all ranks goes through here. All ranks call the methods that communicate
    in the same order. With one rank these return at once.
    """

    size: int = 1
    """Number of ranks."""
    rank: int = 0
    local_rank: int = 0
    """Number of the rank on its machine, and of its GPU."""

    @property
    def main(self) -> bool:
        """Whether this is the rank that writes the run folder and speaks to the user."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """This rank's device where the run's is `name`.

        Raises:
            LandwardError: `name` is one certain GPU, and there are several ranks.
        """
        kind, colon, _ = name.partition(":")
        if self.size == 1 or kind != "cuda":
            return name
        if colon:
            raise LandwardError(f"device {name!r} is one GPU, {self.size} processes need one each: use cuda")
        return f"cuda:{self.local_rank}"

    def seed(self, seed: int, *salt: int) -> int:
        """A rank's own seed: the run's for the first one, so that a run of one rank is as ever.

        Args:
            seed: of the run.
            *salt: what else the stream depends on, such as where a run was resumed.
        """
        if self.rank == 0 and not salt:
            return seed
        return int(np.random.SeedSequence([seed % 2**32, self.rank, *salt]).generate_state(1)[0])

    def largest(self, value: int) -> int:
        """The largest of all ranks' values."""
        if self.size == 1:
            return value
        return int(self.maximum(torch.tensor(value)).item())

    def maximum(self, values: torch.Tensor) -> torch.Tensor:
        """Elementwise maximum over all ranks, in place."""
        if self.size > 1:
            distributed.all_reduce(values, op=distributed.ReduceOp.MAX)
        return values

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """Elementwise mean over all ranks, in place, the same bits on each."""
        if self.size > 1:
            distributed.all_reduce(values)
            values /= self.size
            distributed.broadcast(values, src=0)
        return values

    def share[T](self, value: T) -> T:
        """The first rank's value, which can be pickled."""
        if self.size == 1:
            return value
        box = [value if self.main else None]
        distributed.broadcast_object_list(box, src=0)
        return cast(T, box[0])

    def gather[T](self, value: T) -> list[T]:
        """All ranks' values, which can be pickled, at the first rank; an empty list elsewhere."""
        if self.size == 1:
            return [value]
        values: list[Any] | None = [None] * self.size if self.main else None
        distributed.gather_object(value, values, dst=0)
        return values or []

    def leave(self) -> None:
        """Part from the others; each goes on alone."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()


ALONE = World()
"""One rank alone."""


def join(device: str) -> World:
    """Join the ranks that torchrun started this process among; one alone where it did not.

    torchrun says so in WORLD_SIZE, RANK, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, which rsl_rl reads too.

    Args:
        device: "cuda" for one GPU a rank with NCCL, "cpu" for processes on the CPU with Gloo.

    Raises:
        LandwardError: there is no GPU for this rank.
    """
    size, rank, local = (int(os.environ.get(name, 0)) for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"))
    if size <= 1:
        return ALONE
    world = World(size, rank, local)
    if world.device(device).startswith("cuda"):
        check_gpus(local + 1)
        torch.cuda.set_device(local)
        # Gloo carries what lies in main memory: numbers, states of simulators
        distributed.init_process_group("cpu:gloo,cuda:nccl", timeout=PATIENCE)
    else:
        distributed.init_process_group("gloo", timeout=PATIENCE)
    return world


def check_gpus(wanted: int) -> None:
    """Raise LandwardError where the machine has fewer GPUs."""
    found = torch.cuda.device_count()
    if found < wanted:
        fewer = f"--gpus {found} or " if found else ""
        raise LandwardError(
            f"{wanted} GPUs are asked for, PyTorch finds {found} on this machine: use {fewer}--device cpu "
            "(as many processes on the CPU)"
        )
