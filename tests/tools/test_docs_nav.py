import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def docs_nav(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_nav", root / "tools" / "docs_nav.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_in_reading_order(docs_nav: ModuleType, tmp_path: Path) -> None:
    for name in ("zebra.md", "cat.md", "index.md", "quickstart.md", "apple.md"):
        (tmp_path / name).write_text("")
    config = docs_nav.on_config({"docs_dir": str(tmp_path)})
    assert config["nav"] == ["index.md", "quickstart.md", "cat.md", "apple.md", "zebra.md"]
