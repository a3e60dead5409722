#!/bin/sh
# Compiles the pinned requirements from pyproject.toml: names, versions, hashes, no index address.
# Pass --upgrade to take newer versions than those pinned now.
set -eu
cd "$(dirname "$0")/.."
uv=$(tools/bootstrap.sh uv)
if [ -z "$uv" ]; then
    echo "error: compiling the requirements needs uv" >&2
    exit 1
fi

compile() {
    output=$1
    shift
    "$uv" pip compile --quiet --no-config --universal --python-version 3.12 --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --no-emit-find-links --output-file "$output" "$@" pyproject.toml
}

compile requirements.txt --extra sim --extra train --extra warp --extra carla --extra dev
compile requirements-bench.txt --extra bench --constraint requirements.txt
compile requirements-docs.txt --extra docs --constraint requirements.txt

# The same versions as in .venv, but for setuptools, which colcon holds under 80.
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
sed '/^setuptools==/,/[^\\]$/d' requirements.txt >"$constraints"
compile requirements-ros.txt --extra ros --extra mujoco --extra view --extra colcon --extra test \
    --constraint "$constraints"

# Isaac Lab and mjlab bring versions of their own of nearly everything: no constraints.
compile requirements-isaaclab.txt --extra isaaclab --extra test
compile requirements-mjlab.txt --extra mjlab --extra test
