#!/usr/bin/env bash
# Makes the lock files again from pyproject.toml: every package with its hashes, and no address of any index.
#
# llama-cpp-python is locked on its own, because it is compiled and may fail to be; `llm` is what the plugin that carries
# the language model's weights would like to have beside it, and nothing here imports it. Needs uv on the PATH.
#
# Usage: packaging/lock.sh [--upgrade]     without --upgrade, versions that still fit stay as they are
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v uv >/dev/null || {
    echo "sotto lock: uv is needed to make the locks; install it with: pipx install uv" >&2
    exit 1
}

upgrade=("$@")
overrides=$(mktemp)
trap 'rm -f "$overrides"' EXIT
printf '%s\n' "llm ; python_version < '3'" "llama-cpp-python ; python_version < '3'" >"$overrides"

compile() {
    uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-emit-find-links --no-annotate \
        --no-header --python-version 3.11 "${upgrade[@]}" "$@"
}

compile --override "$overrides" --extra build -o requirements.lock pyproject.toml
compile --override "$overrides" --extra build --extra dev -c requirements.lock -o tests/requirements.lock pyproject.toml
grep -oE 'llama-cpp-python>=[0-9.]+' pyproject.toml | compile -c requirements.lock -o packaging/llama-cpp.lock -
printf '%s\n' 'scikit-build-core[pyproject]' cmake ninja | compile -c requirements.lock -o packaging/llama-build.lock -
