#!/usr/bin/env bash
# The tests of the server's page run in Chromium; a Chrome that is there will do. Playwright's own download of a browser is not used.
# Does nothing where one is there. Where it cannot be installed it says so and ends with 4.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
exec "$(dirname "${BASH_SOURCE[0]}")/install-package.sh" install-chromium chromium chromium Chromium
