# Python, the virtual environment in .venv, and the locked packages. Sourced by setup.sh.
# shellcheck shell=bash

venv=.venv
python=$venv/bin/python

# True for a Python that can be used: 3.11 to 3.13, able to make a virtual environment with pip in it.
usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null && usable "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

want_python() {
    [[ -x $python ]] || find_python >/dev/null || {
        want_package python3
        want_package python3-venv
    }
}

# Where the system's own Python is too old or too new, another one that can be installed beside it.
need_python() {
    local version
    for version in 3.13 3.12 3.11; do
        find_python >/dev/null && return
        if may_install && [[ -n $(candidate "python$version-venv") ]]; then
            want_package "python$version"
            want_package "python$version-venv"
            install_missing
        fi
    done
    find_python >/dev/null || die "Sotto needs Python 3.11, 3.12 or 3.13 with its venv module."
}

# What the environment was made from. Any difference makes it again: a moved checkout, another Python, other locks.
environment_key() {
    printf '%s %s %s' "$root" "$("$python" -V 2>&1)" "$(cat "$1" pyproject.toml | sha256sum | cut -d' ' -f1)"
}

# Each lock file has its stamp; the lock of the tests holds everything the application needs as well.
stamp_of() { if [[ $1 == tests/* ]]; then printf '%s/.stamp-test' "$venv"; else printf '%s/.stamp-run' "$venv"; fi; }

stamped() { [[ -x $python && -f $(stamp_of "$1") && $(<"$(stamp_of "$1")") == "$(environment_key "$1")" ]]; }

# True for an environment whose Python still runs and whose scripts were written for this place.
sound_environment() {
    [[ -x $python ]] && usable "$python" && [[ $(head -n 2 "$venv/bin/pip" 2>/dev/null) == *"$root/$venv/bin/python"* ]]
}

make_environment() {
    sound_environment && return
    need_python
    local found
    found=$(find_python)
    step "Making the Python environment in $venv with $("$found" -V)"
    rm -rf "$venv"
    "$found" -m venv "$venv"
}

pip_install() {
    "$python" -m pip install --disable-pip-version-check --no-input --no-deps "$@"
}

# Installs the packages of a lock file, each checked against its hash, and this checkout itself.
need_environment() {
    local lock=$1 pip_alone
    stamped "$lock" && return
    if [[ $lock == requirements.lock ]] && stamped tests/requirements.lock; then return; fi
    make_environment
    room_for_packages
    step "Installing the packages of $lock"
    # A newer pip first: it keeps the wheels it builds, and resumes a download that broke off.
    pip_alone=$(mktemp)
    sed -n '/^pip==/,/[^\\]$/p' requirements.lock >"$pip_alone"
    pip_install --quiet --require-hashes -r "$pip_alone" || { rm -f "$pip_alone"; no_packages; }
    rm -f "$pip_alone"
    pip_install --require-hashes -r "$lock" || no_packages
    pip_install --quiet --no-build-isolation -e . || die "Sotto itself could not be installed into $venv."
    environment_key "$lock" >"$(stamp_of "$lock")"
}

no_packages() {
    die "The packages could not be installed. Look at the lines above, check the network, and run the same command again."
}

room_for_packages() {
    local free_kib
    free_kib=$(df -Pk . | awk 'NR == 2 { print $4 }')
    ((free_kib > 3 * 1024 * 1024)) || say "Less than 3 GiB are free here; the packages need about 2 GiB."
}
