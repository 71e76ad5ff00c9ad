#!/usr/bin/env bash
# Writes the public API of the packages into docs/api. Commit what it changes with the change that caused it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build tests/RepoRules.Tests -c Release --nologo -v quiet -tl:off
PARSCALE_WRITE_API=1 tests/RepoRules.Tests/bin/Release/net10.0/RepoRules.Tests -class '*PublicApiTests' > /dev/null
git status --short docs/api
