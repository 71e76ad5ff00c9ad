#!/usr/bin/env bash
# Makes what users install: the NuGet packages of the libraries, the tools parscale and parscale-train, and archives with a
# self-contained parscale for systems without .NET. Two runs on one commit give the same bytes.
#
#   scripts/package.sh [-o FOLDER] [-r SYSTEM]... [PART]...
#
# PART is libraries, tool, trainer or archives; all of them without one. SYSTEM is a runtime identifier such as linux-x64; all that a
# part is made for without one. FOLDER is artifacts/packages by default; files already there are replaced.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

usage() { sed -n '2,/^set/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2; exit 2; }

out=artifacts/packages
systems=() parts=()
while [ $# -gt 0 ]; do
    case $1 in
        -o|-r) [ $# -gt 1 ] || usage
               if [ "$1" = -o ]; then out=$2; else systems+=("$2"); fi
               shift ;;
        libraries|tool|trainer|archives) parts+=("$1") ;;
        *) usage ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(libraries tool trainer archives)
for tool in git tar gzip zip; do
    command -v "$tool" > /dev/null || { [ "$tool" = zip ] && [[ " ${parts[*]} " != *" archives "* ]]; } || { echo "package: $tool is needed" >&2; exit 4; }
done
mkdir -p "$out"
out=$(cd "$out" && pwd)

# Built apart from bin/ and obj/, so that packing changes nothing that a developer builds, and is changed by nothing.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# No time and no path of this run in the files: the date is the commit's, and sources are named from the root of the repository.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# The analyzers have their say when scripts/test.sh builds.
readonly settings=(-c Release --nologo -v quiet -tl:off -p:RunAnalyzers=false -p:ContinuousIntegrationBuild=true "-p:PathMap=$work=/_/artifacts%2C$PWD=/_")
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
readonly version
own_system=$(dotnet --info | sed -n 's/^ *RID: *//p')
readonly own_system

wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

# chosen SYSTEM...: those of the given systems that were asked for.
chosen() {
    local system
    for system in "$@"; do
        if [ ${#systems[@]} -eq 0 ] || [[ " ${systems[*]} " == *" $system "* ]]; then echo "$system"; fi
    done
}

# The systems that the package ParScale and the project of the trainer list for their tools.
tool_systems() { sed -n 's/.*RuntimeIdentifier="\([^"]*\)".*/\1/p' src/ParScale/Packaging/DotnetToolSettings.xml; }
trainer_systems() { sed -n 's:.*<ToolPackageRuntimeIdentifiers>\(.*\)</.*:\1:p' src/ParScale.Training/ParScale.Training.csproj | tr ';' '\n'; }

pack() { echo "pack $*"; dotnet pack "$@" -o "$out" --artifacts-path "$work/build" "${settings[@]}"; }

# archive SYSTEM: one executable that brings .NET with it; beside it the embedded model and the drawing libraries.
archive() {
    local system=$1 name=parscale-$version-$1
    local folder=$work/$name
    echo "publish parscale for $system"
    dotnet publish src/ParScale.Cli -r "$system" --self-contained -p:PublishSingleFile=true \
        -o "$work/publish-$system" --artifacts-path "$work/build" "${settings[@]}"
    mkdir "$folder"
    cp -R "$work/publish-$system/." "$folder"
    rm -f "$folder"/ParScale.Cli "$folder"/ParScale.Cli.exe "$folder"/*.pdb
    if [ "$system" = "$own_system" ]; then
        DOTNET_ROOT=/nowhere "$folder/parscale" generate -q -p ROMEO: -n 1 > /dev/null || { echo "package: parscale for $system does not run" >&2; exit 1; }
    fi
    cp LICENSE "$folder"
    cp src/ParScale.Cli/README.md "$folder"
    find "$folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    if [[ $system == win-* ]]; then
        rm -f "$out/$name.zip"
        (cd "$work" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -qX "$out/$name.zip" -@)
    else
        tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX-w -cf - "$name" | gzip -n > "$out/$name.tar.gz"
    fi
}

if wants libraries; then pack packages.slnf; fi
if wants tool; then
    for system in $(chosen $(tool_systems)); do pack src/ParScale.Cli -r "$system" -p:UseAppHost=false; done
fi
if wants trainer; then
    pack src/ParScale.Training
    for system in $(chosen $(trainer_systems)); do pack src/ParScale.Training -r "$system" -p:UseAppHost=false; done
fi
if wants archives; then
    for system in $(chosen $(tool_systems | grep -vx any)); do archive "$system"; done
fi
ls -l "$out"
