"""The exported policy file: an ONNX model with the spec in its metadata and a seal over all its bytes.

Metadata entries (ONNX `metadata_props`):

===================  =================================================================================
landward.version     version of this layout, "1"
landward.spec        the PolicySpec as JSON
landward.spec_hash   PolicySpec.hash of it, "sha256:..."
landward.states      JSON list of {"input", "output", "shape", "init"}: what the policy carries from step
                     to step
landward.provenance  JSON object: commit, versions, seed and run it came from
landward.graph_hash  the seal: 64 lower-case hexadecimal digits
===================  =================================================================================

The seal is the SHA-256 of the whole file with the seal's own 64 digits written as zeros, so it covers the
graph, the weights and the other metadata, and is checked without an ONNX parser: a robot needs NumPy and
onnxruntime alone. The exporter saves the model with the placeholder `PLACEHOLDER` as the seal and calls
`seal`; `verify` does the reverse. It finds damage and edits, and tells which file was evaluated. It is no
signature: whoever edits a file can seal it again.

The metadata is found by walking the top level of the protobuf encoding of `onnx.ModelProto`, in which field
14 is `metadata_props`, a StringStringEntryProto with key = 1 and value = 2.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, overload

from landward.atomic import write_atomic
from landward.errors import PolicyFileError, SpecError
from landward.spec import PolicySpec

FILE_VERSION = "1"
"""Version of the layout above; another version is refused."""
SEAL_KEY = "landward.graph_hash"
PLACEHOLDER = "0" * 64
"""What the exporter writes as the seal before `seal` fills it in."""

_METADATA_FIELD = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclasses.dataclass(frozen=True)
class State:
    """One array that a policy carries from one step to the next."""

    input: str
    """Name of the graph input that receives it."""
    output: str
    """Name of the graph output that holds its next value."""
    shape: tuple[int, ...]
    """Without the batch axis."""
    init: float
    """Every element's value after a reset."""


@dataclasses.dataclass(frozen=True)
class PolicyFile:
    """What a verified policy file says about itself."""

    spec: PolicySpec
    states: tuple[State, ...]
    provenance: dict[str, Any]
    graph_hash: str
    """The seal; names this very file."""
    content: bytes = dataclasses.field(repr=False)
    """The whole file."""


@overload
def seal(model: bytes) -> bytes: ...
@overload
def seal(model: str | Path) -> None: ...
def seal(model: bytes | str | Path) -> bytes | None:
    """Fill in the seal of a model that was saved with the placeholder.

    Args:
        model: the file's bytes, or its path; a file is replaced atomically.

    Returns:
        The sealed bytes where bytes were given.

    Raises:
        PolicyFileError: not an ONNX model, or it has no placeholder.
        RunError: the file cannot be replaced.
    """
    if not isinstance(model, bytes):
        path = Path(model)
        sealed = seal(_read(path))
        write_atomic(path, lambda stream: stream.write(sealed))
        return None
    value, start = _only_entry(model, SEAL_KEY)
    if value != PLACEHOLDER.encode():
        raise PolicyFileError(
            f"the metadata {SEAL_KEY!r} is not the placeholder of 64 zeros; seal a file only once"
        )
    digest = hashlib.sha256(model).hexdigest().encode()
    return model[:start] + digest + model[start + len(digest) :]


def verify(content: bytes) -> str:
    """Check the seal.

    Args:
        content: the whole file.

    Returns:
        The seal, 64 hexadecimal digits.

    Raises:
        PolicyFileError: cut short, altered, or never sealed.
    """
    value, start = _only_entry(content, SEAL_KEY)
    if len(value) != len(PLACEHOLDER):
        raise PolicyFileError(
            f"the metadata {SEAL_KEY!r} has {len(value)} characters, expected {len(PLACEHOLDER)}"
        )
    if value == PLACEHOLDER.encode():
        raise PolicyFileError(
            "the policy file was never sealed: the export stopped half-way; export it again"
        )
    digest = hashlib.sha256(content[:start])
    digest.update(PLACEHOLDER.encode())
    digest.update(content[start + len(value) :])
    if digest.hexdigest().encode() != value:
        raise PolicyFileError(
            "the policy file was altered after it was exported: its bytes do not match its seal; "
            "copy the original again, or export the policy again"
        )
    return value.decode()


def read_metadata(content: bytes) -> dict[str, str]:
    """All metadata of an ONNX model, without an ONNX parser.

    Raises:
        PolicyFileError: cut short, not an ONNX model, or a key that comes twice.
    """
    metadata: dict[str, str] = {}
    for key, value, _ in _entries(content):
        try:
            name = key.decode()
            if name in metadata:
                raise PolicyFileError(f"the policy file has the metadata {name!r} twice; export it again")
            metadata[name] = value.decode()
        except UnicodeDecodeError:
            raise PolicyFileError("the policy file was altered: its metadata is not text") from None
    return metadata


def read_policy_file(path: str | Path) -> PolicyFile:
    """Read and check a policy file: seal, version, spec and spec hash.

    Raises:
        PolicyFileError: the message names the file, what is wrong and the remedy.
    """
    path = Path(path)
    content = _read(path)
    try:
        return _parse(content)
    except PolicyFileError as error:
        raise PolicyFileError(f"{path}: {error}") from None
    except SpecError as error:
        raise PolicyFileError(f"{path}: the spec inside is malformed: {error}") from None


def _parse(content: bytes) -> PolicyFile:
    metadata = read_metadata(content)
    if not any(key.startswith("landward.") for key in metadata):
        raise PolicyFileError(
            "not a Landward policy, or cut short: it has no landward metadata; export the policy again"
        )
    version = _text(metadata, "landward.version")
    if version != FILE_VERSION:
        raise PolicyFileError(
            f"the policy file has layout version {version!r}; this Landward reads version {FILE_VERSION!r}. "
            "Install the Landward that wrote it, or export the policy again"
        )
    graph_hash = verify(content)
    spec = PolicySpec.from_json(_text(metadata, "landward.spec"))
    if spec.hash != _text(metadata, "landward.spec_hash"):
        raise PolicyFileError(
            f"the spec inside hashes to {spec.hash}, but the file says {metadata['landward.spec_hash']}; "
            "export the policy again"
        )
    provenance = _json(metadata, "landward.provenance", dict)
    states = tuple(_state(item) for item in _json(metadata, "landward.states", list))
    return PolicyFile(spec, states, provenance, graph_hash, content)


def _state(item: Any) -> State:
    try:
        shape = tuple(int(size) for size in item["shape"])
        return State(str(item["input"]), str(item["output"]), shape, float(item["init"]))
    except (KeyError, TypeError, ValueError):
        raise PolicyFileError(
            f"the metadata 'landward.states' holds {item!r}; an entry has input, output, shape and init"
        ) from None


def _text(metadata: dict[str, str], key: str) -> str:
    if key not in metadata:
        raise PolicyFileError(f"the policy file lacks the metadata {key!r}; export the policy again")
    return metadata[key]


def _json(metadata: dict[str, str], key: str, kind: type) -> Any:
    try:
        value = json.loads(_text(metadata, key))
    except json.JSONDecodeError as error:
        raise PolicyFileError(f"the metadata {key!r} is not JSON: {error}") from None
    if not isinstance(value, kind):
        raise PolicyFileError(
            f"the metadata {key!r} must be a JSON {kind.__name__}, got {type(value).__name__}"
        )
    return value


def _only_entry(content: bytes, key: str) -> tuple[bytes, int]:
    """Value and place of the one metadata entry with this key."""
    found = [(value, start) for name, value, start in _entries(content) if name == key.encode()]
    if len(found) != 1:
        count = "no" if not found else str(len(found))
        raise PolicyFileError(
            f"the policy file has {count} metadata {key!r}, expected one: not exported by Landward, "
            "or cut short"
        )
    return found[0]


def _entries(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """(key, value, place of the value) of every metadata entry."""
    for number, start, stop in _fields(content, 0, len(content)):
        if number == _METADATA_FIELD:
            parts = {part: span for part, *span in _fields(content, start, stop)}
            key, value = (content[slice(*parts.get(part, (0, 0)))] for part in (1, 2))
            yield key, value, parts.get(2, (stop, stop))[0]


def _fields(content: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(field number, start, stop) of every field of the protobuf message in content[start:end]."""
    while start < end:
        tag, start = _varint(content, start, end)
        wire = tag & 7
        if wire == _VARINT:
            stop = _varint(content, start, end)[1]
        elif wire == _BYTES:
            size, start = _varint(content, start, end)
            stop = start + size
        elif wire in (_FIXED32, _FIXED64):
            stop = start + (4 if wire == _FIXED32 else 8)
        else:
            raise PolicyFileError("not an ONNX model, or altered: its encoding is broken")
        if stop > end:
            raise PolicyFileError(
                f"the policy file is cut short: it has {len(content)} bytes and needs at least {stop}; "
                "copy it again"
            )
        yield tag >> 3, start, stop
        start = stop


def _varint(content: bytes, start: int, end: int) -> tuple[int, int]:
    """A protobuf base-128 integer and the place after it."""
    value = 0
    for index in range(start, min(start + 10, end)):
        value |= (content[index] & 0x7F) << (7 * (index - start))
        if content[index] < 0x80:
            return value, index + 1
    raise PolicyFileError("the policy file is cut short, or not an ONNX model: its encoding breaks off")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyFileError(f"{path}: cannot be read: {error.strerror}") from None
