import hashlib
import json
import random

import numpy as np
import pytest

from landward.errors import PolicyFileError
from landward.policy_file import PLACEHOLDER, read_metadata, read_policy_file, seal, verify

onnx = pytest.importorskip("onnx")
models = pytest.importorskip("tests.landward.onnx_models")


@pytest.fixture(scope="module")
def sealed():
    return models.make_model()


def written(tmp_path, content):
    path = tmp_path / "policy.onnx"
    path.write_bytes(content)
    return path


def test_seal_is_the_hash_with_the_placeholder_and_the_rest_is_untouched(sealed):
    digest = verify(sealed)
    unsealed = sealed.replace(digest.encode(), PLACEHOLDER.encode())
    assert hashlib.sha256(unsealed).hexdigest() == digest
    assert seal(unsealed) == sealed
    assert len(unsealed) == len(sealed)


def test_onnx_itself_still_reads_and_accepts_the_sealed_model(sealed):
    model = onnx.load_from_string(sealed)
    onnx.checker.check_model(model)
    assert {p.key: p.value for p in model.metadata_props} == read_metadata(sealed)
    assert model.SerializeToString() == sealed


def test_file_says_what_was_exported(tmp_path, sealed):
    file = read_policy_file(written(tmp_path, sealed))
    assert file.spec == models.make_spec()
    assert file.provenance == {"seed": 1}
    assert file.graph_hash == verify(sealed)
    assert [(s.input, s.output, s.shape, s.init) for s in file.states] == [
        ("state.last_action", "state.last_action.next", (3,), 0.0)
    ]


def test_seal_of_a_file_in_place(tmp_path, sealed):
    path = written(tmp_path, sealed.replace(verify(sealed).encode(), PLACEHOLDER.encode()))
    assert seal(path) is None
    assert path.read_bytes() == sealed
    assert [entry.name for entry in tmp_path.iterdir()] == ["policy.onnx"]


def test_every_flipped_bit_is_found(sealed):
    draw = random.Random(0)
    for _ in range(600):
        place = draw.randrange(8 * len(sealed))
        broken = bytearray(sealed)
        broken[place // 8] ^= 1 << place % 8
        with pytest.raises(PolicyFileError):
            verify(bytes(broken))


def test_every_bit_of_the_seal_itself_counts(sealed):
    start = sealed.index(verify(sealed).encode())
    for place in range(8 * start, 8 * (start + 64)):
        broken = bytearray(sealed)
        broken[place // 8] ^= 1 << place % 8
        with pytest.raises(PolicyFileError):
            verify(bytes(broken))


def test_every_truncation_is_refused_with_a_message(tmp_path, sealed):
    draw = random.Random(1)
    lengths = {0, 1, len(sealed) - 1, *(draw.randrange(len(sealed)) for _ in range(200))}
    for length in sorted(lengths):
        with pytest.raises(PolicyFileError, match="cut short|lacks the metadata"):
            read_policy_file(written(tmp_path, sealed[:length]))


def test_appended_bytes_are_found(sealed):
    for tail in (b"\0", b"x" * 100, sealed):
        with pytest.raises(PolicyFileError):
            verify(sealed + tail)


def test_messages_name_the_file_and_the_remedy(tmp_path, sealed):
    weight = np.float32(0.5).tobytes()
    assert sealed.count(weight) == 1
    altered = written(tmp_path, sealed.replace(weight, np.float32(0.51).tobytes()))
    with pytest.raises(
        PolicyFileError, match=r"policy\.onnx: the policy file was altered after it was exported"
    ):
        read_policy_file(altered)
    with pytest.raises(
        PolicyFileError, match=r"policy\.onnx: the policy file is cut short: it has 300 bytes"
    ):
        read_policy_file(written(tmp_path, sealed[:300]))
    with pytest.raises(PolicyFileError, match="missing.onnx: cannot be read: No such file"):
        read_policy_file(tmp_path / "missing.onnx")
    with pytest.raises(PolicyFileError, match="not an ONNX model"):
        read_policy_file(written(tmp_path, b"\xff" * 100))


def test_other_versions_and_files_are_refused(tmp_path):
    with pytest.raises(PolicyFileError, match="has layout version '2'; this Landward reads version '1'"):
        read_policy_file(written(tmp_path, models.make_model(version="2")))
    with pytest.raises(PolicyFileError, match="never sealed"):
        read_policy_file(written(tmp_path, unsealed_model()))
    empty = dict.fromkeys(("version", "spec", "spec_hash", "states", "provenance", "graph_hash"))
    with pytest.raises(PolicyFileError, match="not a Landward policy"):
        read_policy_file(written(tmp_path, models.make_model(**empty)))


def unsealed_model():
    sealed = models.make_model()
    return sealed.replace(verify(sealed).encode(), PLACEHOLDER.encode())


@pytest.mark.parametrize("key", ["spec", "spec_hash", "states", "provenance", "version"])
def test_a_missing_entry_is_named(tmp_path, key):
    with pytest.raises(PolicyFileError, match=f"lacks the metadata 'landward.{key}'"):
        read_policy_file(written(tmp_path, models.make_model(**{key: None})))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"spec_hash": "sha256:0"}, "but the file says sha256:0"),
        ({"spec": "{}"}, "the spec inside is malformed: the spec lacks the field 'task'"),
        ({"states": "{}"}, "'landward.states' must be a JSON list, got dict"),
        ({"states": "["}, "'landward.states' is not JSON"),
        ({"states": json.dumps([{"input": "a"}])}, "an entry has input, output, shape and init"),
        ({"provenance": "[]"}, "'landward.provenance' must be a JSON dict"),
    ],
)
def test_malformed_metadata_is_named(tmp_path, entries, message):
    with pytest.raises(PolicyFileError, match=message):
        read_policy_file(written(tmp_path, models.make_model(**entries)))


def test_seal_needs_the_placeholder(sealed):
    with pytest.raises(PolicyFileError, match="seal a file only once"):
        seal(sealed)
    with pytest.raises(PolicyFileError, match="no metadata 'landward.graph_hash'"):
        seal(models.make_model(graph_hash=None))
