"""`landward replay`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from landward_tools.replay import Replay as Found


@dataclass
class Replay:
    """Run a policy again on the inputs of a recording, and report where its outputs differ.

    Exits with 0 where every output is equal within the tolerance, with 1 where one differs. A policy with
    other inputs or outputs than the recorded one is refused.

    Examples:
        landward replay recordings/first_walk --policy policy.onnx
        landward replay recordings/first_walk --policy runs/go1-flat/2026-11-23_14-05-09_seed1 --json
    """

    bag: tyro.conf.Positional[Path]
    """The folder that `landward record` wrote."""
    policy: Path
    """An exported policy, or a run folder with one."""
    namespace: str = ""
    """Of the robot in the recording."""
    tolerance: float = 1e-5
    """Difference that still counts as equal [rad]."""
    json: bool = False
    """Print one JSON object."""

    def run(self) -> int:
        """Replay and compare."""
        from landward_tools.replay import replay, to_json

        found = replay(self.bag, self.policy, self.namespace, self.tolerance)
        print(json.dumps(to_json(found), indent=2) if self.json else to_text(found))
        return 0 if found.equal else 1


def to_text(found: Found) -> str:
    """The result as lines for a terminal."""
    origin = {True: "the recorded policy", False: "another policy than the recorded one", None: "policy"}
    lines = [f"{origin[found.same_file]}: {found.policy}"]
    counts = f"{found.compared} of {found.inferences} inferences compared"
    if found.skipped:
        counts += f", {found.skipped} skipped (memory unknown after missing inferences)"
    if found.unmatched:
        counts += f", {found.unmatched} without a recorded command"
    lines.append(counts)
    if found.missing:
        rows = ", ".join(str(row) for row in found.missing[:8])
        more = f" and {len(found.missing) - 8} more" if len(found.missing) > 8 else ""
        lines.append(f"missing inferences before {rows}{more}")
    width = max(len(name) for name in found.max_difference)
    lines += [
        f"  {name:<{width}}  max {largest:.3g} rad, mean {found.mean_difference[name]:.3g} rad"
        for name, largest in found.max_difference.items()
    ]
    return "\n".join([*lines, *_verdict(found)])


def _verdict(found: Found) -> list[str]:
    first = found.first
    if first is None:
        return [f"equal within {found.tolerance:g} rad"]
    lines = [
        f"differs first at inference {first.row} (tick {first.tick}, {first.seconds:.2f} s): {first.joint} "
        f"recorded {first.recorded:.6f} rad, replayed {first.replayed:.6f} rad"
    ]
    if first.influence:
        shown = ", ".join(f"{name} {moved:.3g}" for name, moved in first.influence.items())
        lines.append(f"its change by each input's last step [rad]: {shown}")
    return lines
