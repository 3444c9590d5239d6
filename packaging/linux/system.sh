# System packages: finds out what is missing without asking apt, and installs only that. Sourced by setup.sh.
#
# Nothing installed is ever removed or replaced: a package that conflicts with what a person has is left out and named.
# shellcheck shell=bash

missing_packages=()
apt_updated=no
# Packages that could not be had here; they are not tried again until `make clean`.
refused=build/refused-packages
apt_options=(-y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=120)

# "library package" lines; a second package name, after a bar, is the one newer releases use.
libraries=assets/system/debian-libraries.txt

# Command and the package that carries it, for the tests only.
test_tools='
Xvfb         xvfb
xdotool      xdotool
openbox      openbox
xkbcomp      x11-xkb-utils
pulseaudio   pulseaudio
pactl        pulseaudio-utils
flite        flite
import       imagemagick
ip           iproute2
unshare      util-linux
'

want_package() {
    grep -qxF "${1%%|*}" "$refused" 2>/dev/null || missing_packages+=("$1")
}

# Some commands lie outside the PATH of people who are not root.
is_installed() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null; }

want_libraries() {
    local known name package
    known=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)
    while read -r name package; do
        [[ $name == "#" || $known == *"$name "* ]] || want_package "$package"
    done <"$libraries"
}

want_fonts() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts"; do
        [[ -n $(find -L "$folder" -name '*.[to]t[fc]' -print -quit 2>/dev/null) ]] && return
    done
    want_package fonts-dejavu-core
}

want_test_tools() {
    local command package
    while read -r command package; do
        [[ -z $command ]] || is_installed "$command" || want_package "$package"
    done <<<"$test_tools"
    [[ -n $(find /usr/lib -name libasound_module_pcm_pulse.so -print -quit 2>/dev/null) ]] ||
        want_package libasound2-plugins
}

# Runs apt-get with the rights it needs; fails where this person has none.
as_root() {
    if ((EUID == 0)); then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    else
        return 1
    fi
}

may_install() { command -v apt-get >/dev/null && as_root true; }

apt_update_once() {
    [[ $apt_updated == no ]] || return 0
    apt_updated=yes
    step "Refreshing the list of system packages"
    if ! as_root apt-get update -qq; then
        apt_updated=failed
        say "The list of system packages could not be refreshed."
    fi
}

# The first of "a|b" that can be installed; nothing when none can.
candidate() {
    local name policy
    for name in ${1//|/ }; do
        policy=$(apt-cache policy "$name" 2>/dev/null)
        if [[ $policy == *'Candidate: '[^\(]* ]]; then
            printf '%s' "$name"
            return
        fi
    done
}

# Quiet while it works; what apt says is shown when it does not.
apt_install() {
    local log
    log=$(mktemp)
    if as_root apt-get install "${apt_options[@]}" "$@" </dev/null >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    tail -n 5 "$log"
    rm -f "$log"
    return 1
}

# Remembers a package for good when it is not the network's fault that it could not be had. $1 is the name it was asked
# for by, $2 the name it has here, empty when it has none.
refuse() {
    if [[ -z $2 ]]; then
        [[ $apt_updated == yes ]] || return 0
    elif as_root apt-get install -s "${apt_options[@]}" "$2" >/dev/null 2>&1; then
        return 0
    fi
    mkdir -p "$(dirname "$refused")"
    printf '%s\n' "$1" >>"$refused"
}

# Installs everything wanted so far. Set-up goes on either way: whoever cannot do without says so.
install_missing() {
    ((${#missing_packages[@]})) || return 0
    local wanted=("${missing_packages[@]%%|*}") choices=("${missing_packages[@]}") names=() without=() name index
    missing_packages=()
    if ! may_install; then
        say "These system packages are missing; somebody who may can install them with:"
        say "    sudo apt-get install -y --no-remove --no-install-recommends ${wanted[*]}"
        return 0
    fi
    for index in "${!choices[@]}"; do
        [[ -n $(candidate "${choices[index]}") ]] || apt_update_once
        names[index]=$(candidate "${choices[index]}")
    done
    step "Installing system packages: ${wanted[*]}"
    # One call where all can be had, else one for each, so that one that conflicts does not keep the others away.
    if [[ " ${names[*]} " == *"  "* ]] || ! apt_install "${names[@]}"; then
        apt_update_once
        for index in "${!choices[@]}"; do
            name=$(candidate "${choices[index]}")
            if [[ -z $name ]] || ! apt_install "$name"; then
                without+=("${wanted[index]}")
                refuse "${wanted[index]}" "$name"
            fi
        done
    fi
    if ((${#without[@]})); then
        say "Not installed, because they cannot be had or conflict with what is here: ${without[*]}"
    fi
}
