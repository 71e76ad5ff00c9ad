using System.Security.Cryptography;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>The compiled shaders are those of the sources beside them: users and builds have no compiler.</summary>
public class ShaderFilesTests
{
    private static readonly Dictionary<string, string> Sums = File.ReadAllLines(Path.Combine(ShaderSource.Folder, "Compiled", "sums.txt"))
        .Select(line => line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries)).ToDictionary(parts => parts[1].Trim(), parts => parts[0]);

    [Fact]
    public void Sources_and_compiled_files_are_those_that_belong_together()
    {
        string[] files = [.. Directory.GetFiles(ShaderSource.Folder), .. Folder("Shared", "*.glsl"), .. Folder("Compiled", "*.spv")];
        string[] names = [.. files.Select(file => Path.GetRelativePath(ShaderSource.Folder, file).Replace('\\', '/'))];
        Assert.Equal(Sums.Keys.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        for (int i = 0; i < files.Length; i++)
        {
            Assert.True(Sums[names[i]] == Sum(files[i]), $"{names[i]} has changed since scripts/shaders.sh was run");
            if (names[i].EndsWith(".comp", StringComparison.Ordinal)) Assert.True(Sums.ContainsKey($"Compiled/{Path.ChangeExtension(names[i], "spv")}"), names[i]);
        }
    }

    [Fact]
    public void The_assembly_holds_the_compiled_files()
    {
        foreach (string name in Sums.Keys.Where(name => name.EndsWith(".spv", StringComparison.Ordinal)))
            Assert.Equal(Sums[name], Convert.ToHexStringLower(SHA256.HashData(ShaderKernel.Code(Path.GetFileNameWithoutExtension(name)))));
    }

    private static string[] Folder(string name, string pattern) => Directory.GetFiles(Path.Combine(ShaderSource.Folder, name), pattern);

    // A checkout may have turned the ends of lines of sources.
    private static string Sum(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        if (!file.EndsWith(".spv", StringComparison.Ordinal)) bytes = [.. bytes.Where(one => one != '\r')];
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
