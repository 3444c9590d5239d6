#!/usr/bin/env bash
# Makes this checkout ready to run or to be tested: system packages, Python, the locked packages, llama.cpp.
#
# Usage: packaging/linux/setup.sh run|test|llama
#
#   run    what the application needs: never a sound server, nothing that would remove a package
#   test   that, and what the tests need: a virtual screen, a sound server of their own, the checkers
#   llama  builds llama.cpp again after an earlier build failed
#
# Everything that was done is stamped in .venv; a second call with nothing changed touches neither apt nor the network.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

# Set-up speaks on standard error, so that standard output is what the application says.
exec >&2

# shellcheck source=packaging/linux/say.sh
. "$here/say.sh"
# shellcheck source=packaging/linux/system.sh
. "$here/system.sh"
# shellcheck source=packaging/linux/python.sh
. "$here/python.sh"
# shellcheck source=packaging/linux/llama.sh
. "$here/llama.sh"

main() {
    local goal=${1:-run} lock=requirements.lock
    case "$goal" in
    run) ;;
    test) lock=tests/requirements.lock ;;
    llama) forget_llama ;;
    *) die "Unknown goal '$goal'. Use: packaging/linux/setup.sh run|test|llama" ;;
    esac
    want_python
    want_libraries
    want_fonts
    want_compiler
    [[ $goal != test ]] || want_test_tools
    install_missing
    need_environment "$lock"
    need_llama
}

main "$@"
