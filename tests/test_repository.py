"""What the repository promises: documented commands exist, files hold no address, set-up finds Python."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENTED_IN = ("README.md", "CONTRIBUTING.md", "docs/index.md", ".ci/run")
PINNED = ("", "-bench", "-docs", "-ros", "-isaaclab", "-mjlab")
"""What the files of pinned requirements are called between "requirements" and ".txt"."""


def targets(root: Path) -> set[str]:
    """The targets of the Makefile that `make help` explains."""
    return set(re.findall(r"^([a-z-]+):.*## ", (root / "Makefile").read_text(), re.MULTILINE))


def committed(root: Path) -> list[Path]:
    """Files that git tracks."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [root / name for name in names.stdout.split("\0") if name and (root / name).is_file()]


@pytest.mark.parametrize("document", DOCUMENTED_IN)
def test_every_documented_target_exists(root: Path, document: str) -> None:
    text = (root / document).read_text(encoding="utf-8")
    used = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert used
    assert used <= targets(root)


def test_makefile_has_the_promised_targets(root: Path) -> None:
    promised = {"setup", "demo", "test", "test-fast", "lint", "format", "type", "bench", "docs"}
    promised |= {f"{verb}-{name}" for verb in ("setup", "test") for name in ("ros", "isaaclab", "mjlab")}
    assert promised <= targets(root)


def test_every_target_sets_up_by_itself(root: Path) -> None:
    rules = re.findall(r"^([a-z-]+): ?(.*?) ## ", (root / "Makefile").read_text(), re.MULTILINE)
    lone = {target for target, needs in rules if ".venv" not in needs}
    assert lone == {"help", "requirements"}


def test_ci_ends_with_the_readmes_test_commands(root: Path) -> None:
    commands = re.findall(r"^make .*", (root / ".ci" / "run").read_text(), re.MULTILINE)
    others = [f"make {verb}-{name}" for name in ("ros", "isaaclab", "mjlab") for verb in ("setup", "test")]
    assert commands[-8:] == ["make test", "make test-carla", *others]
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert "\n```sh\nmake demo\nmake test\n```\n" in readme
    assert {f"`{command}`" for command in others[1::2]} <= set(re.findall(r"`make [a-z-]+`", readme))
    assert os.access(root / ".ci" / "run", os.X_OK)


def test_links_of_the_readme_lead_somewhere(root: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (root / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_every_extra_is_explained(root: Path, pyproject: dict) -> None:
    table = (root / "README.md").read_text(encoding="utf-8").partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(pyproject["project"]["optional-dependencies"])


@pytest.mark.parametrize("part", PINNED)
def test_requirements_are_names_versions_and_hashes(root: Path, part: str) -> None:
    line = re.compile(r"[a-z0-9._-]+==[\w.+]+( ;[ \w.='<>!()]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    texts = (root / f"requirements{part}.txt").read_text().splitlines()
    other = [text for text in texts if not line.fullmatch(text)]
    assert other == []


def test_requirements_hold_the_pins_of_pyproject(root: Path, pyproject: dict) -> None:
    text = "".join((root / f"requirements{part}.txt").read_text() for part in PINNED)
    for extra, dependencies in pyproject["project"]["optional-dependencies"].items():
        for dependency in dependencies:
            if "==" in dependency and extra != "all":
                pin = re.sub(r"\[.*\]", "", dependency).replace("_", "-")
                assert f"\n{pin} " in f"\n{text}", dependency


def test_committed_files_name_no_registry_and_no_path_of_this_machine(root: Path) -> None:
    # Put together here, so that this file does not name them either.
    forbidden = re.compile(
        "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + "js", "/ro" + "ot/", "/wo" + "rk/"])
    )
    found = []
    for path in committed(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(root)}: {match[0]}" for match in forbidden.finditer(text)]
    assert found == []


def test_no_source_file_is_too_long(root: Path) -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in committed(root) if path.suffix == ".py"}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with a shell and nothing else; `tmp_path / "bin"` is its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "dirname").symlink_to(str(shutil.which("dirname")))
    empty = str(tmp_path / "home")
    return {"PATH": str(folder), "HOME": empty, "PYENV_ROOT": empty}


def bootstrap(root: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(root / "tools" / "bootstrap.sh"), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def command(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def real_python() -> str:
    return str(Path(sys.base_prefix) / "bin" / "python3.12")


def test_bootstrap_passes_over_a_shim_that_fails(root: Path, bare: dict[str, str]) -> None:
    command(Path(bare["PATH"]), "python3.12", "exit 127")
    command(Path(bare["PATH"]), "uv", "exit 127")
    command(Path(bare["PATH"]), "python3", f'exec "{real_python()}" "$@"')
    done = bootstrap(root, bare, "python")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).resolve() == Path(real_python()).resolve()
    assert bootstrap(root, bare, "uv").stdout == ""


def test_bootstrap_asks_uv_for_an_interpreter(root: Path, bare: dict[str, str]) -> None:
    body = f'case $1 in --version) echo "uv 1";; python) echo "{real_python()}";; esac'
    command(Path(bare["PATH"]), "uv", body)
    assert Path(bootstrap(root, bare, "python").stdout.strip()).resolve() == Path(real_python()).resolve()
    assert bootstrap(root, {**bare, "UV": "none"}, "uv").stdout == ""


def test_bootstrap_looks_into_pyenv(root: Path, bare: dict[str, str]) -> None:
    folder = Path(bare["PYENV_ROOT"]) / "versions" / "3.12.9" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(real_python())
    assert bootstrap(root, bare, "python").returncode == 0


def test_bootstrap_without_python_says_what_to_do(root: Path, bare: dict[str, str]) -> None:
    done = bootstrap(root, bare, "python")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no working Python 3.12 found")
    assert "make setup PYTHON=" in done.stderr
    assert bootstrap(root, bare, "nonsense").returncode == 2
