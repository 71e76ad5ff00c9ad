using System.Text.RegularExpressions;

namespace RepoRules.Tests;

/// <summary>The rules of CONTRIBUTING.md that a machine can check.</summary>
public partial class RepoRulesTests
{
    private const int LongestFile = 300;

    private static readonly string Root = Repository.Root;

    private static IEnumerable<string> Sources => Files("*.cs", "src", "tests", "benchmarks", "samples");

    [Fact]
    public void Files_stay_short() =>
        Assert.Empty(Sources.Where(file => File.ReadLines(file).Count() > LongestFile).Select(Relative));

    [Fact]
    public void No_regions_and_no_pragmas() =>
        Assert.Empty(Sources.Where(file => File.ReadLines(file).Any(line => DirectiveLine().IsMatch(line))).Select(Relative));

    [Fact]
    public void Unsafe_code_lives_in_the_kernels_and_the_calls_of_Vulkan_alone()
    {
        IEnumerable<string> projects = Files("*.csproj", "src", "tests", "benchmarks", "samples")
            .Where(file => File.ReadAllText(file).Contains("AllowUnsafeBlocks", StringComparison.Ordinal));
        Assert.Equal(["ParScale.Kernels", "ParScale.Vulkan"], projects.Select(Path.GetFileNameWithoutExtension).Order());
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        foreach (string file in Sources)
        {
            if (File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal)) is not { } line) continue;
            string folder = Path.GetRelativePath(Root, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            string expected = folder[(folder.IndexOf('.', StringComparison.Ordinal) + 1)..];
            Assert.True(line == $"namespace {expected};", $"{Relative(file)}: {line}, expected {expected}");
        }
    }

    [Fact]
    public void Every_op_has_its_reference_or_is_tested_against_its_definition()
    {
        string[] withoutReference = ["Softmax", "WeightedSum"];
        string kernels = Path.Combine(Root, "src", "ParScale.Kernels");
        IEnumerable<string> elementwise = Directory.GetFiles(Path.Combine(kernels, "Elementwise"), "*.cs");
        foreach (string file in elementwise.Concat(Directory.GetFiles(kernels, "*.Reference.cs", SearchOption.AllDirectories)))
        {
            string folder = Path.GetDirectoryName(file)!, op = Path.GetFileName(file).Split('.')[0], room = Path.GetRelativePath(kernels, folder);
            Assert.True(File.Exists(Path.Combine(Root, "tests", "ParScale.Kernels.Tests", room, op + "Tests.cs")), $"{op} has no tests");
            Assert.True(File.Exists(Path.Combine(Root, "benchmarks", "ParScale.Benchmarks", room, op + "Benchmark.cs")), $"{op} has no benchmark");
            Assert.True(withoutReference.Contains(op) || File.Exists(Path.Combine(folder, op + ".Reference.cs")), $"{op} has no reference");
        }
    }

    [Fact]
    public void Interfaces_have_two_implementations()
    {
        string all = string.Join('\n', Files("*.cs", "src").Select(File.ReadAllText));
        foreach (Match declared in InterfaceDeclaration().Matches(all))
        {
            string name = declared.Groups[1].Value;
            int implementations = Regex.Count(all, $@"\b(class|struct|record)\b[^;{{]*:[^;{{]*\b{name}\b");
            Assert.True(implementations >= 2, $"{name} has {implementations} implementations");
        }
    }

    [Fact]
    public void Packages_have_their_versions_in_one_place()
    {
        foreach (string file in Files("*.csproj", "src", "tests", "benchmarks", "samples"))
            Assert.False(PackageVersion().IsMatch(File.ReadAllText(file)), $"{Relative(file)} names a version");
    }

    [Fact]
    public void Links_and_files_named_in_the_documents_exist()
    {
        string[] documents = [.. Directory.GetFiles(Root, "*.md"), .. Files("*.md", "docs", "models")];
        foreach (string document in documents)
        {
            string text = File.ReadAllText(document);
            IEnumerable<string> links = Link().Matches(text).Select(match => Path.Combine(Path.GetDirectoryName(document)!, match.Groups[1].Value));
            IEnumerable<string> named = NamedFile().Matches(text).Select(match => Path.Combine(Root, match.Groups[1].Value));
            Assert.All(links.Concat(named), path => Assert.True(Path.Exists(path), $"{Relative(document)} names {Relative(path)}"));
        }
    }

    [Fact]
    public void Every_error_id_is_in_the_guide()
    {
        string guide = File.ReadAllText(Path.Combine(Root, "docs", "guides", "errors.md"));
        IEnumerable<string> ids = Files("*.cs", "src").SelectMany(file => ErrorId().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value);
        Assert.All(ids.Distinct(), id => Assert.Contains($"| {id} |", guide, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Files(string pattern, params string[] folders) =>
        folders.Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string Relative(string file) => Path.GetRelativePath(Root, file);

    [GeneratedRegex("\"([A-Z]{2,3}-[0-9][0-9])\"")]
    private static partial Regex ErrorId();

    [GeneratedRegex(@"^\s*#(region|pragma)\b")]
    private static partial Regex DirectiveLine();

    [GeneratedRegex(@"\binterface (I[A-Z]\w*)")]
    private static partial Regex InterfaceDeclaration();

    [GeneratedRegex(@"<PackageReference[^>]*\bVersion=")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"\]\((?!https?://)([^)#\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|docs|scripts|models|samples)/[\w./-]*\.\w+)`")]
    private static partial Regex NamedFile();
}
