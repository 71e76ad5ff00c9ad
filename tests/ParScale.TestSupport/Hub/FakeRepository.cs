using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ParScale.TestSupport.Hub;

/// <summary>A model as a hub keeps it: files by path, small ones named by git's SHA-1 and large ones, those of weights, by SHA-256.</summary>
public sealed class FakeRepository
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    public FakeRepository(string id, string commit) => (Id, Commit) = (id, commit);

    public string Id { get; }

    /// <summary>The commit of <c>main</c> and of all <see cref="Revisions"/>.</summary>
    public string Commit { get; set; }

    public ISet<string> Revisions { get; } = new HashSet<string>(StringComparer.Ordinal) { "main" };

    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary>Whether the list of files tells lengths and hashes; else they must be asked for one by one.</summary>
    public bool Describes { get; set; } = true;

    /// <summary>The token that this model is shown to; null when everybody sees it.</summary>
    public string? Token { get; set; }

    public byte[] this[string path]
    {
        get => _files[path];
        set => _files[path] = value;
    }

    public void Remove(string path) => _files.Remove(path);

    /// <summary>Adds the files of a folder.</summary>
    public FakeRepository AddFolder(string folder)
    {
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
            _files[Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')] = File.ReadAllBytes(file);
        return this;
    }

    public static bool IsLarge(string path) => path.EndsWith(".safetensors", StringComparison.Ordinal) || path.EndsWith(".bin", StringComparison.Ordinal);

    /// <summary>What the hub calls the content of a file.</summary>
    public static string ETag(string path, byte[] content) => IsLarge(path)
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : GitId(content);

    [SuppressMessage("Security", "CA5350", Justification = "git names contents by SHA-1.")]
    private static string GitId(byte[] content) => Convert.ToHexStringLower(SHA1.HashData(
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]));
}
