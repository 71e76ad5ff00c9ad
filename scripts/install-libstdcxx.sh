#!/usr/bin/env bash
# TorchSharp's native library needs a libstdc++ that knows GLIBCXX_3.4.32 (GCC 13 or newer).
# Debian 12 ships an older one; this adds Debian 13 as a low-priority source and takes only that library
# (with the libc it depends on) from there. Does nothing where the system's own library is new enough.
set -euo pipefail

has_symbol() {
    local lib
    lib=$(ldconfig -p 2>/dev/null | awk '/libstdc\+\+\.so\.6 .*x86-64|libstdc\+\+\.so\.6 .*AArch64/ {print $NF; exit}')
    [ -n "$lib" ] && grep -aq 'GLIBCXX_3\.4\.32' "$lib"
}

if [ "$(uname -s)" != Linux ] || has_symbol; then exit 0; fi
if ! command -v apt-get >/dev/null; then
    echo "install-libstdcxx: the trainer needs a libstdc++ with GLIBCXX_3.4.32; install your system's GCC 13 runtime" >&2
    exit 4
fi
root=(); [ "$(id -u)" = 0 ] || root=(sudo)

# The mirror is whatever apt already uses here, so that a private mirror keeps working.
"${root[@]}" apt-get update -qq
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 !~ /security|updates/ {print $1; exit}')
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -z "$mirror" ]; then
    echo "install-libstdcxx: apt has no configured mirror" >&2
    exit 4
fi
echo "deb [signed-by=$keyring] $mirror trixie main" | "${root[@]}" tee /etc/apt/sources.list.d/parscale-trixie.list >/dev/null
printf 'Package: *\nPin: release n=trixie\nPin-Priority: 50\n' | "${root[@]}" tee /etc/apt/preferences.d/parscale-trixie >/dev/null
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -t trixie libstdc++6 >/dev/null
has_symbol || { echo "install-libstdcxx: libstdc++6 was installed but GLIBCXX_3.4.32 is still missing" >&2; exit 4; }
