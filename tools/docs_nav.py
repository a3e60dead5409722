"""Orders the pages of the user guide: the pages named here first, every other page after them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ORDER = (
    "index.md",
    "quickstart.md",
    "interface.md",
    "tasks.md",
    "evaluation.md",
    "mujoco.md",
    "go1.md",
    "solo12.md",
    "cat.md",
    "benchmarks.md",
)


def ordered(pages: list[str]) -> list[str]:
    """Pages in reading order."""
    return sorted(pages, key=lambda page: (ORDER.index(page) if page in ORDER else len(ORDER), page))


def on_config(config: Any) -> Any:
    """Hook of mkdocs: sets the navigation from the pages that exist."""
    docs = Path(config["docs_dir"])
    config["nav"] = ordered([str(path.relative_to(docs)) for path in docs.rglob("*.md")])
    return config
