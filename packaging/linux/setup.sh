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
    local goal=${1:-run}
    case "$goal" in
    run)
        need_libraries
        need_fonts
        install_missing "The window or the sound may not work"
        need_environment requirements.lock
        ;;
    test)
        need_libraries
        need_fonts
        need_test_tools
        install_missing "Some tests cannot run"
        need_environment tests/requirements.lock
        ;;
    llama)
        need_environment requirements.lock
        forget_llama
        ;;
    *) die "Unknown goal '$goal'. Use: packaging/linux/setup.sh run|test|llama" ;;
    esac
    need_llama
}

main "$@"
