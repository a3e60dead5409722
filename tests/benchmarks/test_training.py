import json

import pytest

pytest.importorskip("torch")

from benchmarks._training import find_run, trained, training_document  # noqa: E402


def configuration(seed=1, iterations=2):
    from agents import recipes

    config = recipes.go1_flat()
    config.seed, config.iterations, config.total_steps = seed, iterations, 0.0
    config.ppo.steps_per_iteration = 4
    config.ppo.parallel_update = False
    return config


def test_a_finished_run_is_reused_and_one_that_was_cut_off_goes_on(tmp_path):
    _, folder = trained(tmp_path, "go1-flat", configuration(), 4)
    assert [line["iteration"] for line in folder.metrics()] == [1, 2]
    again, same = trained(tmp_path, "go1-flat", configuration(), 4)
    assert same.path == folder.path
    assert again.env_steps == 32

    # As if it had been meant to go on: two of four iterations are done.
    document = json.loads((folder.path / "config.json").read_text())
    document["agent"]["iterations"] = 4
    (folder.path / "config.json").write_text(json.dumps(document))
    longer, same = trained(tmp_path, "go1-flat", configuration(iterations=4), 4)
    assert same.path == folder.path
    assert longer.env_steps == 64
    assert [line["iteration"] for line in same.metrics()] == [1, 2, 3, 4]


def test_a_run_of_other_settings_is_not_ours(tmp_path):
    runner, folder = trained(tmp_path, "go1-flat", configuration(iterations=1), 4)
    spec_hash = runner.source.spec.hash
    document = training_document("go1-flat", configuration(iterations=1), 4)
    found = find_run(tmp_path, "go1-flat", 1, document, spec_hash)
    assert found is not None
    assert found.path == folder.path
    assert find_run(tmp_path, "go1-flat", 2, document, spec_hash) is None
    assert find_run(tmp_path, "go1-flat", 1, document, "sha256:other") is None
    other = training_document("go1-flat", configuration(iterations=2), 4)
    assert find_run(tmp_path, "go1-flat", 1, other, spec_hash) is None
