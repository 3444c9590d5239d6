# How set-up talks: short lines. Sourced by setup.sh.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }

step() { printf '==> %s\n' "$*"; }

die() {
    printf 'sotto set-up: %s\n' "$*"
    exit 1
}

# Seconds as "48 s" or "3 min 05 s".
duration() {
    if (($1 < 60)); then
        printf '%d s' "$1"
    else
        printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
    fi
}
