#!/usr/bin/env bash
# The tests of the server's page run in Chromium; a Chrome that is there will do. Playwright's own download of a browser is not used.
# Does nothing where one is there. Where it cannot be installed it says so and ends with 4.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null; then
    echo "install-chromium: install Chromium with your system's package manager" >&2
    exit 4
fi
root=()
if [ "$(id -u)" != 0 ]; then
    # Asking for a password would hang a test run.
    sudo -n true 2>/dev/null || { echo "install-chromium: apt-get needs root; run: sudo apt-get install chromium" >&2; exit 4; }
    root=(sudo -n)
fi
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
command -v chromium >/dev/null || { echo "install-chromium: chromium was installed but there is no such command" >&2; exit 4; }
