"""Errors with one message each: what is wrong, where it came from, and what to do about it."""

from __future__ import annotations

import importlib
from types import ModuleType


class LandwardError(Exception):
    """Base of every error Landward raises on purpose; the command line prints it without a traceback."""


class SpecError(LandwardError):
    """A policy spec, a term or a constraint is malformed or cannot be read."""


class SpecMismatchError(LandwardError):
    """Two specs that must agree do not; the message lists the differences."""


class PolicyFileError(LandwardError):
    """An exported policy file is cut short, altered, of another version, or not a Landward policy."""


class PolicyInputError(LandwardError):
    """A policy was fed the wrong names, shapes or dtypes, or a NaN or infinite number."""


class RemotePolicyError(LandwardError):
    """A policy server cannot be reached or does not answer in time, or one side sent the other junk."""


class RegistryError(LandwardError):
    """A name is not registered, or is registered twice."""


class RunError(LandwardError):
    """A run folder cannot be created, read or written."""


class CheckpointError(LandwardError):
    """A checkpoint is cut short, altered, or does not fit the run that loads it."""


class EnvContractError(LandwardError):
    """An environment, or its caller, broke the batched environment contract."""


class SimulationError(LandwardError):
    """A simulation diverged: its state holds a NaN, an infinite or an impossible number."""


ALSO = {
    "ros": "; or, in a checkout, make setup-ros and use .venv-ros/bin/landward; "
    "or source a ROS 2 installation",
    "isaaclab": "; or, in a checkout, make setup-isaaclab and use .venv-isaaclab/bin/landward",
    "mjlab": "; or, in a checkout, make setup-mjlab and use .venv-mjlab/bin/landward",
}
"""Extra -> what else helps where it is missing."""


class MissingDependencyError(LandwardError):
    """An optional package is not installed.

    Args:
        package: the module that could not be imported.
        extra: the extra of `landward` that brings it.
        why: what needs it, as in "OnnxPolicy runs exported policies with it".
        remedy: what to do instead of installing the extra here; for packages of another environment.
    """

    def __init__(self, package: str, extra: str, why: str, remedy: str = "") -> None:
        self.package = package
        self.extra = extra
        self.why = why
        install = f"install it with: pip install 'landward[{extra}]'{ALSO.get(extra, '')}"
        super().__init__(f"{package!r} is not installed ({why}); {remedy or install}")


def require(module: str, extra: str, why: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: dotted module name.
        extra: the extra of `landward` that brings it.
        why: what needs it; shown to the user.

    Raises:
        MissingDependencyError: the module's package is not installed. An import error inside an installed
            package is passed on as it is, because installing the extra would not help.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingDependencyError(module.split(".")[0], extra, why) from None
