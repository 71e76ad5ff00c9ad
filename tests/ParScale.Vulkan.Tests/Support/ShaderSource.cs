using System.Text.RegularExpressions;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>The push constants that the source of a shader declares.</summary>
internal sealed partial class ShaderSource
{
    private static readonly Dictionary<string, ShaderSource> Known = [];

    private readonly string _name;
    private readonly List<Access> _pointers = [];
    private readonly int _numbers;

    private ShaderSource(string name)
    {
        _name = name;
        foreach (Match line in Member().Matches(Block().Match(Text(Path.Combine(Folder, name + ".comp"))).Groups[1].Value))
        {
            string type = line.Groups[1].Value;
            if (type is "uint" or "float") _numbers++;
            else _pointers.Add(type.EndsWith("InOut", StringComparison.Ordinal) ? Access.Update : type.EndsWith("Out", StringComparison.Ordinal) ? Access.Write : Access.Read);
        }
        Assert.NotEmpty(_pointers);
    }

    public static string Folder { get; } = Find();

    public static ShaderSource Of(string name) => Known.TryGetValue(name, out ShaderSource? known) ? known : Known[name] = new ShaderSource(name);

    /// <summary>A call has the pointers and numbers that the shader declares, and uses them so.</summary>
    public void Check(Arguments arguments)
    {
        Assert.True(_pointers.SequenceEqual(arguments.Pointers), $"{_name} is called with other pointers than it declares");
        Assert.Equal(_pointers.Count * sizeof(ulong) + _numbers * sizeof(uint), arguments.Bytes.Length);
    }

    // With what it includes: paths begin at the folder of the file that has them.
    private static string Text(string file) =>
        Include().Replace(File.ReadAllText(file), match => Text(Path.Combine(Path.GetDirectoryName(file)!, match.Groups[1].Value)));

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "ParScale.slnx"))) return Path.Combine(at.FullName, "src", "ParScale.Vulkan", "Shaders");
        throw new InvalidOperationException("the tests do not run inside the repository");
    }

    [GeneratedRegex("""^#include "(.*)"$""", RegexOptions.Multiline)]
    private static partial Regex Include();

    [GeneratedRegex(@"uniform Arguments\s*\{(.*?)\};", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\s*(\w+)\s+\w+;", RegexOptions.Multiline)]
    private static partial Regex Member();
}
