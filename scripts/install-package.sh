#!/usr/bin/env bash
# What the other install scripts share: install-package.sh SCRIPT PACKAGES COMMAND WHAT installs packages of Debian, one of which has a command.
# Where that cannot be done it says so in SCRIPT's name and ends with 4.
set -euo pipefail
script=$1 packages=$2 command=$3 what=$4

if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null; then
    echo "$script: install $what with your system's package manager" >&2
    exit 4
fi
root=()
if [ "$(id -u)" != 0 ]; then
    # Asking for a password would hang a test run.
    sudo -n true 2>/dev/null || { echo "$script: apt-get needs root; run: sudo apt-get install $packages" >&2; exit 4; }
    root=(sudo -n)
fi
"${root[@]}" apt-get update -qq
# Unquoted: there may be several.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
command -v "$command" >/dev/null || { echo "$script: $packages were installed but there is no $command" >&2; exit 4; }
