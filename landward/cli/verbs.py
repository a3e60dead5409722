"""The verbs of the command line: what is installed, what each does, and how to load one.

A verb is an entry point in "landward.commands", `name = "module:Command"`. The command is a dataclass whose
docstring says what it does, whose fields are the options (each with a docstring), and whose `run()` returns
the exit status. Lines of the docstring that begin with "landward " are examples.

What a verb does is read from its source text, so that `landward --help` imports none of them.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import importlib
import importlib.util
import inspect
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from landward.errors import LandwardError, MissingDependencyError, RegistryError

GROUP = "landward.commands"

EXTRA_OF = {
    "onnxruntime": "deploy",
    "tyro": "cli",
    "rich": "cli",
    "packaging": "cli",
    "mujoco": "sim",
    "gymnasium": "sim",
    "trimesh": "sim",
    "collada": "sim",
    "matplotlib": "sim",
    "imageio": "sim",
    "viser": "sim",
    "jinja2": "sim",
    "torch": "train",
    "array_api_compat": "train",
    "rsl_rl": "train",
    "tensordict": "train",
    "tensorboard": "train",
    "onnx": "train",
    "onnxscript": "train",
    "wandb": "wandb",
    "websockets": "remote",
    "envpool": "bench",
    "rerun": "view",
    "rclpy": "ros",
    "rosbags": "ros",
    "builtin_interfaces": "ros",
    "diagnostic_msgs": "ros",
    "geometry_msgs": "ros",
    "lifecycle_msgs": "ros",
    "nav_msgs": "ros",
    "rcl_interfaces": "ros",
    "rosgraph_msgs": "ros",
    "sensor_msgs": "ros",
    "std_msgs": "ros",
    "std_srvs": "ros",
    "trajectory_msgs": "ros",
}
"""Optional module -> the extra of `landward` that brings it."""


class Command(Protocol):
    """What a verb's class makes from the command line."""

    def run(self) -> int:
        """Do it; 0 where it worked."""
        ...


@dataclasses.dataclass(frozen=True)
class Verb:
    """An installed verb, not imported yet."""

    name: str
    """What the user types."""
    target: str
    """Where its class is, as module:Command."""

    @functools.cached_property
    def docstring(self) -> str:
        """The command's docstring, read from its source; empty where it has none or no source is found."""
        module, _, attribute = self.target.partition(":")
        path = _source_of(module)
        if path is None:
            return ""
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == attribute:
                return inspect.cleandoc(ast.get_docstring(node) or "")
        return ""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.docstring.partition("\n")[0]

    @property
    def example(self) -> str:
        """First line of the docstring that shows a call; empty where there is none."""
        lines = (line.strip() for line in self.docstring.splitlines())
        return next((line for line in lines if line.startswith("landward ")), "")

    def load(self) -> type[Command]:
        """Import the command.

        Raises:
            MissingDependencyError: it needs an optional package that is not installed.
            LandwardError: the entry point names something that is not there.
        """
        module, _, attribute = self.target.partition(":")
        try:
            return cast(type[Command], getattr(importlib.import_module(module), attribute))
        except ModuleNotFoundError as error:
            raise explain_missing(error, f"`landward {self.name}` needs it") from error
        except AttributeError as error:
            if hasattr(importlib.import_module(module), attribute):
                raise
            raise LandwardError(
                f"the verb {self.name!r} does not load: {module} has no {attribute}; mend or uninstall the "
                f"package that declares {self.name} = {self.target} in {GROUP}"
            ) from error


def installed_verbs() -> list[Verb]:
    """Every verb of every installed package, sorted by name."""
    found = {point.name: Verb(point.name, point.value) for point in entry_points(group=GROUP)}
    return [found[name] for name in sorted(found)]


def find_verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        RegistryError: there is no such verb; the message lists the closest ones.
    """
    verbs = {verb.name: verb for verb in installed_verbs()}
    if name in verbs:
        return verbs[name]
    close = difflib.get_close_matches(name, verbs, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else f"the verbs are {', '.join(verbs)}"
    raise RegistryError(f"unknown verb {name!r}: {hint} (landward --help explains them)")


def explain_missing(error: ModuleNotFoundError, why: str) -> Exception:
    """The error to show for a module that is not installed: which extra brings it, or the error itself."""
    package = (error.name or "").partition(".")[0]
    return MissingDependencyError(package, EXTRA_OF[package], why) if package in EXTRA_OF else error


def _source_of(module: str) -> Path | None:
    # Only the top-level package is located, which imports nothing; find_spec("a.b") would import a.
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    if not rest:
        return Path(spec.origin)
    path = Path(spec.origin).parent.joinpath(*rest)
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)
