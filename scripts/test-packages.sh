#!/usr/bin/env bash
# Makes the packages twice, compares their bytes, and uses them as a stranger would: installed from a folder, without any network, into
# an empty project and an empty tool path. Needs what scripts/test.sh restored.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly feed=$work/feed
restored=${NUGET_PACKAGES:-$HOME/.nuget/packages}
system=$(dotnet --info | sed -n 's/^ *RID: *//p')
grep -q "RuntimeIdentifier=\"$system\"" src/ParScale/Packaging/DotnetToolSettings.xml || system=any

step() { printf '%s (%d s)\n' "$1" "$SECONDS"; }
wrong() { printf 'test-packages: %s\n' "$1" >&2; exit 1; }

# ask URL [BODY]: what a server answers; bash alone speaks to it, so that nothing else need be installed.
ask() {
    local rest=${1#http://} body=${2:-} method=GET line
    local host=${rest%%/*}
    [ -z "$body" ] || method=POST
    exec 3<> "/dev/tcp/${host%:*}/${host##*:}" || return 1
    printf '%s /%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
        "$method" "${rest#*/}" "$host" "${#body}" "$body" >&3
    read -r line <&3
    [[ $line == *' 200 '* ]] || { exec 3>&-; return 1; }
    cat <&3
    exec 3>&-
}

scripts/package.sh -o "$feed" -r "$system" libraries tool > "$work/first.log" || { cat "$work/first.log"; wrong 'package.sh failed'; }
step 'packed'
scripts/package.sh -o "$work/again" -r "$system" libraries tool > "$work/second.log" || { cat "$work/second.log"; wrong 'package.sh failed'; }
for package in "$feed"/*; do cmp "$package" "$work/again/${package##*/}" || wrong 'two runs of package.sh differ'; done
step 'packed again: the same bytes'

# What our packages depend on, from where restore put it.
sed -n 's/.*"path": "\([^"]*\)".*/\1/p' src/ParScale.Extensions.AI/obj/project.assets.json src/ParScale.ScalingLaws/obj/project.assets.json src/ParScale.Server/obj/project.assets.json src/ParScale.Vulkan/obj/project.assets.json | sort -u |
    while IFS=/ read -r id version; do
        file=$restored/$id/$version/$id.$version.nupkg
        if [ -f "$file" ]; then cp "$file" "$feed"; fi
    done

# From here on nothing is known but the folder: no other source, no cache.
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work/home
mkdir -p "$work/program" "$DOTNET_CLI_HOME"
cat > "$work/nuget.config" <<END
<configuration><packageSources><clear /><add key="folder" value="$feed" /></packageSources></configuration>
END
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
cat > "$work/program/program.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="ParScale" Version="$version" />
    <PackageReference Include="ParScale.Extensions.AI" Version="$version" />
    <PackageReference Include="ParScale.ScalingLaws" Version="$version" />
    <PackageReference Include="ParScale.Vulkan" Version="$version" />
  </ItemGroup>
</Project>
END
cat > "$work/program/Program.cs" <<'END'
using ParScale;
using ParScale.Extensions.AI;
using ParScale.Vulkan;
async Task<string> Text(LanguageModel model)
{
    int[] prompt = model.Tokenizer.Encode("ROMEO:");
    string text = "";
    await foreach (var piece in model.GenerateAsync(prompt, new() { MaxNewTokens = 32, Sampling = new() { Temperature = 0 } })) text += piece.Text;
    return text;
}
using LanguageModel model = LanguageModel.Load();
string text = await Text(model);
Console.Write(text);
try
{
    using LanguageModel onDevice = LanguageModel.Load(null, new LoadOptions { Device = VulkanDevices.Open() });
    // A card's sums differ in the last digits, and with them the text may.
    if ((await Text(onDevice)).Length == 0) throw new InvalidOperationException($"{onDevice.Device.Name} writes nothing");
    Console.Error.WriteLine($"{onDevice.Device.Name}, {onDevice.Device.Description}, writes too");
}
catch (ParScaleException none) when (none.Code == "VK-08")
{
    Console.Error.WriteLine(none.Message);
}
if (model.AsChatClient().GetService(typeof(LanguageModel)) != model) throw new InvalidOperationException("not the client of this model");
END
dotnet build "$work/program" -c Release -o "$work/program/out" --nologo -v quiet -tl:off > "$work/build.log" || { cat "$work/build.log"; wrong 'the program does not build'; }
text=$("$work/program/out/program" 2> "$work/device.said") || { cat "$work/device.said"; wrong 'the program failed'; }
cat "$work/device.said"
step 'a few lines in an empty project'

# The sample's own program, from the package: an application that serves the embedded model.
mkdir -p "$work/web"
sed 's:<ProjectReference.*:<PackageReference Include="ParScale.Server" Version="'"$version"'" />:' samples/OpenAiServer/OpenAiServer.csproj |
    sed 's:<ItemGroup>:<PropertyGroup><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable></PropertyGroup><ItemGroup>:' > "$work/web/web.csproj"
cp samples/OpenAiServer/Program.cs "$work/web"
dotnet build "$work/web" -c Release -o "$work/web/out" --nologo -v quiet -tl:off > "$work/web.log" || { cat "$work/web.log"; wrong 'the web application does not build'; }
"$work/web/out/web" --urls http://127.0.0.1:0 > "$work/web.said" 2>&1 &
web=$!
for _ in $(seq 100); do
    address=$(sed -n 's/.*Now listening on: //p' "$work/web.said")
    if [ -n "$address" ] && served=$(ask "$address/ready" 2> /dev/null); then break; fi
    sleep 0.1
done
[[ ${served:-} == *'"ok"'* ]] || { kill "$web"; cat "$work/web.said"; wrong 'the web application is not ready'; }
from_web=$(ask "$address/v1/completions" '{"prompt": "ROMEO:", "max_tokens": 32, "temperature": 0}')
kill "$web"
wait "$web" || true
[[ $from_web == *'"completion_tokens":32'* ]] || wrong "the web application answered <$from_web>"
step 'the OpenAI API in an empty web application'

dotnet tool install parscale --tool-path "$work/tools" --configfile "$work/nuget.config" -v quiet
from_tool=$("$work/tools/parscale" generate -p ROMEO: -n 32 --temp 0 2> "$work/said") || { cat "$work/said"; wrong 'the installed tool failed'; }
[ "$from_tool" = "ROMEO:$text" ] || wrong "the tool wrote <$from_tool>, the program <$text>"
"$work/tools/parscale" --version | grep -qF "$version" || wrong "the tool is not version $version"
step 'the tool in an empty tool path'
printf '%s\n' "$from_tool"
