"""A MuJoCo model as a batch on MuJoCo Warp: its arrays as torch tensors, its steps as a captured graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landward.errors import SimulationError, require
from sims.mujoco.model import mujoco_module

_LOG = logging.getLogger("landward.warp")
POINTS = {"SPHERE": 1, "CAPSULE": 2, "CYLINDER": 4, "ELLIPSOID": 1, "BOX": 8}
"""Most contact points of a shape on the plane."""
HFIELD_POINTS = 12
"""Room for a shape's contact points on a height field, whose triangles touch it one by one."""


def warp_modules() -> tuple[Any, Any]:
    """Warp and MuJoCo Warp, imported when asked for.

    Raises:
        MissingDependencyError: they are not installed.
    """
    wp = require("warp", "warp", "the engine warp runs on it")
    if wp.config.log_level == wp.LOG_INFO:
        wp.config.log_level = wp.LOG_WARNING  # no banner, and no line for each kernel that is loaded
    return wp, require("mujoco_warp", "warp", "the engine warp runs on it")


def tell_of_compilation() -> None:
    """Say why nothing happens for a while, where Warp's folder of compiled kernels has none of these."""
    wp, _ = warp_modules()
    wp.init()
    if not any(Path(wp.config.kernel_cache_dir).glob("wp_mujoco_warp*")):
        _LOG.warning("compiling MuJoCo Warp's kernels, once on this machine: this takes a minute or two")


def find_device(name: str) -> Any:
    """Warp's device of that name.

    Raises:
        SimulationError: this machine does not have it.
    """
    wp, _ = warp_modules()
    try:
        return wp.get_device(name)
    except (ValueError, RuntimeError) as error:
        wp.init()
        there = ", ".join(device.alias for device in wp.get_devices())
        raise SimulationError(
            f"the engine warp cannot use the device {name!r}: this machine has {there} ({error})"
        ) from error


class WarpBatch:
    """N copies of a model. `view` gives an array of model or data as a torch tensor of the same memory."""

    def __init__(self, model: Any, num_envs: int, device: str, varied: tuple[str, ...]) -> None:
        """Put the model on the device.

        Args:
            model: a compiled MjModel.
            num_envs: number of copies.
            device: cpu, cuda or cuda:N.
            varied: model fields that every copy has for itself.

        Raises:
            SimulationError: there is no such device, or MuJoCo Warp lacks something that the model uses.
        """
        wp, mjw = warp_modules()
        self.device, self._wp = find_device(device), wp
        tell_of_compilation()
        contacts, rows = capacity(model)
        with wp.ScopedDevice(self.device):
            try:
                self.model = mjw.put_model(model, batch_sizes=dict.fromkeys(varied, num_envs))
            except NotImplementedError as error:
                raise SimulationError(f"MuJoCo Warp cannot run this model: {error}") from error
            self.data = mjw.make_data(model, nworld=num_envs, nconmax=contacts, njmax=rows)
        if self.device.is_cuda:
            self.model.opt.graph_conditional = bool(wp.is_conditional_graph_supported())
        self.model.opt.warn_overflow = 0  # printed by the kernel at every step; `overflow` tells it once

    def view(self, name: str) -> torch.Tensor:
        """A field of the data, or else of the model: (N, ...), the same memory."""
        owner = self.data if hasattr(self.data, name) else self.model
        return self._wp.to_torch(getattr(owner, name))

    @contextmanager
    def ordered(self) -> Iterator[None]:
        """Warp's launches inside come after torch's before, and before torch's after: one stream for both."""
        with self._wp.ScopedDevice(self.device):
            if not self.device.is_cuda:
                yield
                return
            with self._wp.ScopedStream(self._torch_stream(), sync_enter=False):
                yield

    def capture(self, program: Callable[[], None]) -> Callable[[], None]:
        """A function that replays what `program` launches, on a GPU as one CUDA graph.

        The program is run twice: once to load its kernels, once to be recorded. Replaying costs a CPU an
        eighth of launching kernel by kernel.
        """
        wp = self._wp
        with wp.ScopedDevice(self.device):
            wp.synchronize_device()  # recording is on a stream of Warp's own: what torch began is done before
            program()
            with wp.ScopedCapture(device=self.device) as captured:
                program()
            wp.synchronize_device()

        def replay() -> None:
            wp.capture_launch(captured.graph, stream=self._torch_stream())

        return replay

    def _torch_stream(self) -> Any:
        if not self.device.is_cuda:
            return None
        return self._wp.stream_from_torch(torch.cuda.current_stream(self.torch_device))

    @property
    def torch_device(self) -> torch.device:
        """The same device as torch names it."""
        return torch.device(self._wp.device_to_torch(self.device))


def capacity(model: Any) -> tuple[int, int]:
    """Room that one copy needs: (contacts, rows of the constraint solver)."""
    mj = mujoco_module()
    touching = [i for i in range(model.ngeom) if model.geom_conaffinity[i]]
    if model.nhfield:
        contacts = HFIELD_POINTS * len(touching)
    else:
        kinds = [mj.mjtGeom(model.geom_type[i]).name.removeprefix("mjGEOM_") for i in touching]
        contacts = sum(POINTS[kind] for kind in kinds)
    pyramidal = model.opt.cone == mj.mjtCone.mjCONE_PYRAMIDAL
    rows = contacts * (4 if pyramidal else 3)
    rows += int(np.count_nonzero(model.jnt_limited)) + int(np.count_nonzero(model.dof_frictionloss))
    return max(contacts, 1), max(rows, 1)


def room_flags() -> int:
    """Bits of MuJoCo Warp's overflow word that mean left-out contacts.

    The others say that the solver used all its iterations, which a real-time setting expects.
    """
    _, mjw = warp_modules()
    kinds = mjw.OverflowType
    return int(
        kinds.NEFC | kinds.BROADPHASE | kinds.NARROWPHASE | kinds.CCD | kinds.HFIELD | kinds.CONTACT_MATCH
    )
