# llama.cpp, compiled for this machine, with progress to look at. Allowed to fail. Sourced by setup.sh.
# shellcheck shell=bash

llama_lock=packaging/llama-cpp.lock
llama_stamp=$venv/.stamp-llama
llama_log=$venv/llama-build.log
progress_every_s=5

llama_key() { printf '%s %s' "$("$python" -V 2>&1)" "$(sha256sum <"$llama_lock" | cut -d' ' -f1)"; }

forget_llama() { rm -f "$llama_stamp"; }

# True once this version was built, or was tried and failed.
llama_settled() { [[ -x $python && -f $llama_stamp && $(head -n 1 "$llama_stamp") == "$(llama_key)" ]]; }

want_compiler() { llama_settled || command -v c++ >/dev/null || want_package build-essential; }

need_llama() {
    if llama_settled; then
        [[ $(sed -n 2p "$llama_stamp") == built ]] || say "$(sed -n 3p "$llama_stamp")"
        return
    fi
    local started=$SECONDS
    if ! command -v c++ >/dev/null; then
        without_llama "there is no C++ compiler"
    elif build_llama; then
        step "llama.cpp is ready after $(duration $((SECONDS - started)))"
        printf '%s\nbuilt\n' "$(llama_key)" >"$llama_stamp"
    else
        tail -n 15 "$llama_log" 2>/dev/null || true
        without_llama "its build failed, see $llama_log"
    fi
}

# The one sentence, now and whenever set-up passes here again.
without_llama() {
    local sentence="llama.cpp is left out because $1: text runs on OpenVINO GenAI instead. Try again with: make llama"
    printf '%s\nfailed\n%s\n' "$(llama_key)" "$sentence" >"$llama_stamp"
    say "$sentence"
}

build_llama() {
    step "Installing llama.cpp; compiling it the first time takes about 4 minutes on 2 cores"
    pip_install --quiet --require-hashes -r packaging/llama-build.lock || return 1
    # Pictures are not looked at here, so the part that reads them is not compiled.
    CMAKE_ARGS="${CMAKE_ARGS:-} -DLLAVA_BUILD=off" pip_install --require-hashes --no-build-isolation -v \
        -r "$llama_lock" 2>&1 | tee "$llama_log" | show_progress || return 1
    "$python" -c 'import llama_cpp' 2>>"$llama_log"
}

# Reads the build's lines and shows how far it is, every few seconds.
show_progress() {
    local line started=$SECONDS shown=$SECONDS
    while IFS= read -r line; do
        if [[ $line =~ \[([0-9]+)/([0-9]+)\] ]] && ((SECONDS - shown >= progress_every_s)); then
            shown=$SECONDS
            say "    llama.cpp $((100 * BASH_REMATCH[1] / BASH_REMATCH[2])) %" \
                "(step ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}, $(duration $((SECONDS - started))))"
        fi
    done
}
