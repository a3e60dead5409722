#!/bin/sh
# Makes .venv with a Python 3.12 and installs files of pinned requirements into it.
#
#   tools/bootstrap.sh python            prints the path of a Python 3.12 that works
#   tools/bootstrap.sh uv                prints the path of a uv that works, or nothing
#   tools/bootstrap.sh venv              makes .venv
#   tools/bootstrap.sh install ARGS...   uv pip install ARGS, or pip install ARGS, into .venv
#   tools/bootstrap.sh editable          puts this checkout on the import path of .venv
#
# VENV names another folder than .venv. PYTHON and UV name an interpreter and a uv to use; UV=none forbids uv.
set -eu
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

# A pyenv shim is on PATH and fails unless its version is active: a command counts only if it runs.
is_python() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 12))' >/dev/null 2>&1; }
is_uv() { "$1" --version >/dev/null 2>&1; }

find_uv() {
    [ "${UV:-}" = none ] && return 0
    for uv in "${UV:-uv}" "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/uv; do
        if is_uv "$uv"; then
            command -v "$uv"
            return 0
        fi
    done
}

find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3.12 python3 python "$(uv_python)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python; do
        if [ -n "$python" ] && is_python "$python"; then
            "$python" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    echo "error: no working Python 3.12 found (looked for python3.12 and python3 on PATH, uv's and pyenv's" \
        "interpreters); install Python 3.12 with its venv module, or name one: make setup PYTHON=/path/to/python3.12" >&2
    return 1
}

uv_python() {
    uv=$(find_uv)
    if [ -n "$uv" ]; then "$uv" python find --no-python-downloads 3.12 2>/dev/null || true; fi
}

make_venv() {
    python=$(find_python)
    rm -rf "$VENV"
    echo "setup: $VENV with $python"
    "$python" -m venv "$VENV"
}

install() {
    uv=$(find_uv)
    if [ -n "$uv" ]; then
        "$uv" pip install --python "$VENV/bin/python" "$@"
    else
        "$VENV/bin/python" -m pip install --disable-pip-version-check --no-compile "$@"
    fi
}

# The "compat" mode puts the checkout on the import path by a plain .pth file, so that benchmarks/ is found and
# editors follow imports. It knows one folder; the packages of ros2_ws come by a second such file.
# Setuptools reads the licence in pyproject.toml with a packaging newer than ovphysx lets in: its own copy comes first.
editable() {
    vendored=$("$VENV/bin/python" -c 'import os, setuptools; print(os.path.dirname(setuptools.__file__) + "/_vendor")')
    PYTHONPATH=$vendored install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
    site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    for package in "$PWD"/ros2_ws/src/*; do echo "$package"; done >"$site/landward_ros2_ws.pth"
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
    python) find_python ;;
    uv) find_uv ;;
    venv) make_venv ;;
    install) install "$@" ;;
    editable) editable ;;
    *)
        echo "usage: tools/bootstrap.sh python | uv | venv | install ARGS... | editable" >&2
        exit 2
        ;;
esac
