"""What the guide and the README say is there, and what they print runs."""

import importlib.util
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import torch
import tyro
from rsl_rl.models import MLPModel
from tensordict import TensorDict

import robots.robot
import sims.registry
from agents.export import to_onnx
from agents.exported import ExportedPolicy
from landward.cli.verbs import find_verb
from sims.registry import make_env

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = ("sh", "bash", "console")


def blocks(page: Path, *languages: str) -> list[str]:
    """Fenced blocks of a page in one of the languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as mkdocs makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", h.lower()).strip()) for h in headings}


def commands() -> list[tuple[str, str]]:
    """(page, command line) of every `landward ...` in a shell block."""
    found = []
    for page in PAGES:
        for block in blocks(page, *SHELL):
            for line in block.splitlines():
                words = line.partition("#")[0].removeprefix("$ ").strip().removeprefix(".venv/bin/")
                if words.startswith("landward "):
                    found.append((page.relative_to(ROOT).as_posix(), words))
    return found


def python_blocks() -> list[object]:
    return [
        pytest.param(page, text, id=f"{page.relative_to(ROOT)}-{index}")
        for page in PAGES
        for index, text in enumerate(blocks(page, "python"))
    ]


@pytest.fixture(scope="module")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported policy of go1-flat with random weights, which stands for the reader's policy.onnx."""
    env = make_env("go1-flat", num_envs=1)
    obs = TensorDict({"policy": torch.from_numpy(env.observe()["policy"])}, batch_size=[1])
    torch.manual_seed(0)
    actor = MLPModel(obs, {"actor": ["policy"]}, "actor", 12, [16, 16], "elu")
    path = tmp_path_factory.mktemp("docs") / "policy.onnx"
    path.write_bytes(to_onnx(ExportedPolicy(actor, env.spec), {}))
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_and_images_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if anchor and file.suffix == ".md" and file.name != "benchmarks.md":
            assert anchor in anchors(file), f"{page.name} links to {target}: {file.name} has no such heading"


def test_verbs_in_the_text_are_installed() -> None:
    known = {point.name for point in entry_points(group="landward.commands")}
    for page in PAGES:
        for verb in re.findall(r"`landward ([a-z][a-z0-9-]+)", page.read_text(encoding="utf-8")):
            assert verb in known, f"{page.name} mentions `landward {verb}`"


@pytest.mark.parametrize(("page", "line"), commands())
def test_printed_commands_have_their_verbs_and_flags(
    page: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = line.split()[1:]
    if words[0] in ("--help", "VERB"):
        return
    flags = [word for word in words if re.match(r"--[a-z]", word)]
    # The flags of `train` depend on the task, which comes before them.
    subcommand = [words[1]] if words[0] == "train" else []
    with pytest.raises(SystemExit):
        tyro.cli(find_verb(words[0]).load(), args=[*subcommand, "--help"])
    text = capsys.readouterr().out
    known = set(re.findall(r"--[a-z][\w.-]*", text))
    missing = [flag for flag in flags if flag not in known]
    assert not missing, f"{page}: `{line}`: no {', '.join(missing)}"


@pytest.mark.parametrize(("page", "code"), python_blocks())
def test_python_blocks_run(
    page: Path, code: str, policy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.onnx").write_bytes(policy_file.read_bytes())
    for registry in (robots.robot._ROBOTS, sims.registry._TASKS):
        # What an example registers must not stay for other tests.
        monkeypatch.setattr(registry, "_values", dict(registry._values))
    exec(compile(code, str(page), "exec"), {"__name__": "example"})


def test_tables_are_those_of_the_code() -> None:
    spec = importlib.util.spec_from_file_location("docs_tables", ROOT / "docs" / "tables.py")
    assert spec is not None and spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert tables.fill(text) == text, f"{page.name}: run `python docs/tables.py`"
