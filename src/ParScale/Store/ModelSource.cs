using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ParScale.Checkpoints;
using ParScale.Files;
using ParScale.Hub;

namespace ParScale.Store;

/// <summary>A folder with float weights, of which something is kept for the next start: a model of the hub, or any other folder.</summary>
/// <param name="Folder">The folder in Hugging Face layout.</param>
/// <param name="Name">Its name on the hub, <c>org/name</c>; null for a folder that is not the hub's.</param>
/// <param name="Commit">The hub's commit that the folder holds; null for other folders.</param>
public sealed record ModelSource(string Folder, string? Name = null, string? Commit = null)
{
    private const int PlaceDigits = 16;

    // What the copy is made of. Cards and pictures are not.
    private static readonly string[] Kinds = [".safetensors", ".json", ".txt", ".jinja"];

    /// <summary>A snapshot in the hub's cache, whose folder is named by its commit.</summary>
    public static ModelSource OfSnapshot(ModelName name, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new ModelSource(folder, name.Id, Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)));
    }

    /// <summary>What people call it.</summary>
    internal string Title => Name ?? Folder;

    /// <summary>The path of what is kept of it, below a room of the store: two parts, the second one new for each commit or folder.</summary>
    internal string Place => Name is not null && Commit is not null
        ? Path.Combine($"models--{Name.Replace("/", "--", StringComparison.Ordinal)}", Commit)
        : Path.Combine($"folder--{Path.GetFileName(Path.TrimEndingDirectorySeparator(SystemPath.Full(Folder)))}", Hash(SystemPath.Real(Folder))[..PlaceDigits]);

    /// <summary>
    /// Tells the same files from others without reading them: names, lengths, and of each file the name of the blob that it is a link to,
    /// which is a hash of its bytes; without one, the time of its last change.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    internal string Identity()
    {
        var lines = new StringBuilder();
        var templates = new DirectoryInfo(Path.Combine(Folder, CompanionFiles.TemplateFolder));
        IEnumerable<FileInfo> files = new DirectoryInfo(Folder).EnumerateFiles().Concat(templates.Exists ? templates.EnumerateFiles() : []);
        foreach (FileInfo file in files.Where(file => Kinds.Contains(file.Extension)).OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
            bool isBlob = target?.Directory?.Name == "blobs";
            string content = isBlob ? target!.Name : (target ?? file).LastWriteTimeUtc.Ticks.ToString(CultureInfo.InvariantCulture);
            lines.Append(CultureInfo.InvariantCulture, $"{file.Name} {(target ?? file).Length} {content}\n");
        }
        return Hash(lines.ToString());
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
