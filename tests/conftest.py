"""What all tests share."""

import tomllib
from pathlib import Path

import pytest

from sims.offscreen import choose_renderer

# Before any test module is imported: one that imports MuJoCo by itself would fix its renderer to a window.
choose_renderer()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def pyproject(root: Path) -> dict:
    """pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
