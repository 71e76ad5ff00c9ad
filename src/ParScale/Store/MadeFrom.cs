using System.Text.Json;
using ParScale.Files;

namespace ParScale.Store;

/// <summary>The file in a kept folder that tells what it was made from.</summary>
/// <param name="Model">The name on the hub, or null.</param>
/// <param name="Commit">The hub's commit, or null.</param>
/// <param name="Folder">The folder that it was made from.</param>
/// <param name="Identity">Of the files in that folder: see <see cref="ModelSource.Identity"/>.</param>
internal sealed record MadeFrom(string? Model, string? Commit, string Folder, string Identity)
{
    private const string Name = "parscale-made-from.json";
    private const int LongestFile = 1 << 16;

    /// <summary>Where the file of a kept folder is. Its time of change is when the folder was used last.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, Name);

    /// <summary>Writes the file into a folder that is being made.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Write(string folder)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteString("commit", Commit);
            json.WriteString("folder", Folder);
            json.WriteString("identity", Identity);
            json.WriteEndObject();
        }
        DurableFile.Write(PathIn(folder), buffer.ToArray());
    }

    /// <summary>Reads the file; null when it is not there or not as it was written.</summary>
    public static MadeFrom? Read(string folder)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(InputFile.Read(PathIn(folder), LongestFile, "QC-03", "QC-03", "QC-03"));
            JsonElement root = document.RootElement;
            string? Text(string key) => root.GetProperty(key).GetString();
            return Text("folder") is { } source && Text("identity") is { } identity ? new MadeFrom(Text("model"), Text("commit"), source, identity) : null;
        }
        catch (Exception e) when (e is ParScaleException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
