#!/usr/bin/env bash
# Runs the tests of the kernels in the linux-arm64 build under QEMU, which emulates a processor with dot and matrix products, and compares texts of the
# embedded model with this machine's. It proves bits, not speed, and takes a quarter of an hour or more. Of Debian it needs qemu-user-static and apt-get; where they are
# missing it says so and ends with 4. Arguments go to the tests, `-class NAME` for example; texts are compared only without any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
qemu=$(command -v qemu-aarch64-static) || { echo "test-arm: needs qemu-aarch64-static: sudo apt-get install qemu-user-static" >&2; exit 4; }

folder=${XDG_CACHE_HOME:-$HOME/.cache}/parscale-arm64
if [ ! -d "$folder/lib/aarch64-linux-gnu" ]; then
    command -v apt-get > /dev/null || { echo "test-arm: needs apt-get, for arm64 libraries" >&2; exit 4; }
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # Lists of their own: the system's architectures stay as they are, and nothing of this needs root.
    mkdir -p "$work/state" "$work/cache/archives/partial" "$work/root"
    touch "$work/state/status"
    settings=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$work/state" -o "Dir::State::status=$work/state/status"
        -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=true)
    apt-get "${settings[@]}" update
    # The last two depend on the libraries of OpenSSL and ICU, which are named after their versions.
    apt-get "${settings[@]}" install --download-only --yes --no-install-recommends libc6 libgcc-s1 libstdc++6 openssl icu-devtools > /dev/null ||
        { echo "test-arm: the system's sources have no arm64 libraries" >&2; exit 4; }
    for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
    # Beside /lib or in /usr/lib, as the release has it.
    [ -e "$work/root/lib" ] || ln -s usr/lib "$work/root/lib"
    mkdir -p "$(dirname "$folder")"
    mv "$work/root" "$folder"
fi

# SVE is beyond what QEMU runs of .NET; the rest keeps the runtime from rewriting code that QEMU has translated.
arm() {
    env DOTNET_EnableWriteXorExecute=0 DOTNET_TieredCompilation=0 DOTNET_gcConcurrent=0 "$qemu" -L "$folder" -cpu max,sve=off,sme=off "$@"
}

# publish PROJECT: prints the folder.
publish() {
    local to=artifacts/arm64/$1
    dotnet publish "$2/$1" -c Release -r linux-arm64 --self-contained -o "$to" --nologo -v quiet >&2
    echo "$to"
}

tests=$(publish ParScale.Kernels.Tests tests)
arm "$tests/ParScale.Kernels.Tests" -noColor "$@"
[ $# = 0 ] || exit 0

tool=$(publish ParScale.Cli src)
dotnet build src/ParScale.Cli -c Release --nologo -v quiet
text=(generate -p ROMEO: -n 48 -s 5 --temp 0.9)
for dtype in q8 q4; do
    here=$(src/ParScale.Cli/bin/Release/net10.0/parscale "${text[@]}" --dtype "$dtype")
    for tier in dp i8mm portable; do
        [ "$(arm "$tool/parscale" "${text[@]}" --dtype "$dtype" --tier "$tier")" = "$here" ] || { echo "test-arm: $dtype on $tier writes another text" >&2; exit 1; }
        echo "$dtype on $tier writes the text of this machine"
    done
done
