from pathlib import Path

import pytest

from landward.cache import cache_folder


def test_the_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("usd", "go2") == tmp_path / "landward" / "usd" / "go2"


@pytest.mark.parametrize("ignored", [None, "", "relative/folder"])
def test_without_it_the_folder_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignored: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if ignored is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
    assert cache_folder() == tmp_path / ".cache" / "landward"
