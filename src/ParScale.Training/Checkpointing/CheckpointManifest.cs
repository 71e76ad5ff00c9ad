using System.Security.Cryptography;
using System.Text.Json;
using ParScale.Files;

namespace ParScale.Training.Checkpointing;

/// <summary>
/// <c>manifest.json</c> of a checkpoint: its step, and length and SHA-256 of every other file. It is written and flushed when all of
/// them are on the disk: a folder with a manifest that fits is whole.
/// </summary>
internal sealed record CheckpointManifest(string Format, int Version, long Step, IReadOnlyList<ManifestFile> Files)
{
    public const string FileName = "manifest.json";
    public const int NewestVersion = 1;
    private const string Kind = "parscale-checkpoint";
    private const int LongestFile = 1 << 20;
    private const int ReadBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Describes the files of <paramref name="folder"/>, all of which must be on the disk already.</summary>
    public static void Write(string folder, long step)
    {
        ManifestFile[] files =
        [
            .. Directory.GetFiles(folder).Where(path => Path.GetFileName(path) != FileName).Order(StringComparer.Ordinal)
                .Select(path => new ManifestFile(Path.GetFileName(path), new FileInfo(path).Length, Hash(path))),
        ];
        DurableFile.WriteText(Path.Combine(folder, FileName),
            JsonSerializer.Serialize(new CheckpointManifest(Kind, NewestVersion, step, files), Json) + "\n");
    }

    /// <summary>Reads the manifest of a checkpoint; what is wrong with it is the fault, and then there is no manifest.</summary>
    public static (CheckpointManifest? Manifest, CheckpointFault? Fault) Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return (null, new CheckpointFault("CK-01", $"{FileName} is missing: it was not saved to the end, or by an older program"));
        try
        {
            byte[] bytes = InputFile.Read(path, LongestFile, "CK-01", "CK-01", "CK-01");
            using (JsonDocument probe = JsonDocument.Parse(bytes))
            {
                if (probe.RootElement.GetProperty("format").GetString() != Kind) throw new JsonException("it is of another kind");
                int version = probe.RootElement.GetProperty("version").GetInt32();
                if (version > NewestVersion)
                    return (null, new CheckpointFault("CK-08", $"its format has version {version}, this program reads up to {NewestVersion}"));
            }
            CheckpointManifest manifest = JsonSerializer.Deserialize<CheckpointManifest>(bytes, Json) ?? throw new JsonException("it is null");
            // A name is never followed out of the folder.
            bool plain = manifest.Files.All(file => file is not null && file.Name.Length > 0 && Path.GetFileName(file.Name) == file.Name);
            return plain ? (manifest, null) : throw new JsonException("it names a file outside the folder");
        }
        catch (Exception e) when (e is ParScaleException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return (null, new CheckpointFault("CK-01", $"{FileName} is damaged"));
        }
    }

    /// <summary>SHA-256 of a file, in lower-case hexadecimal, a piece at a time.</summary>
    public static string Hash(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, ReadBytes, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}

/// <summary>One file of a checkpoint: its name, its length, and its SHA-256 in lower-case hexadecimal.</summary>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);

/// <summary>Why a checkpoint cannot be used: an id of the errors guide, and the file and its fault in words.</summary>
internal sealed record CheckpointFault(string Code, string Reason);
