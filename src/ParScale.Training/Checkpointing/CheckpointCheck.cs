using System.Globalization;
using System.Text.Json;
using ParScale.Checkpoints.Safetensors;
using ParScale.Files;

namespace ParScale.Training.Checkpointing;

/// <summary>Whether a checkpoint is whole: all files there, unchanged, of one step, and with what the run needs to go on exactly.</summary>
internal static class CheckpointCheck
{
    /// <summary>The state of the run: steps done, options, seed.</summary>
    public const string StateFile = "trainer_state.json";

    /// <summary>The moments of the optimizer.</summary>
    public const string OptimizerFile = "optimizer.safetensors";

    private const string WeightsFile = "model.safetensors";
    private const string StepKey = "step";

    private static readonly string[] Needed = [WeightsFile, OptimizerFile, StateFile];

    /// <summary>What tensor files of a checkpoint say of themselves, so that files of two steps are told apart.</summary>
    public static Dictionary<string, string> Metadata(long step) =>
        new() { ["format"] = "pt", [StepKey] = step.ToString(CultureInfo.InvariantCulture) };

    /// <summary>Whether <paramref name="folder"/> holds a model, and not one that says of itself that it is of another step.</summary>
    public static bool HoldsModelOf(string folder, long step) =>
        File.Exists(Path.Combine(folder, WeightsFile)) && OtherStep(Path.Combine(folder, WeightsFile), step) is null;

    /// <summary>The first fault of the checkpoint, which its name says is of <paramref name="step"/>; null when it is whole. Reads every byte.</summary>
    public static CheckpointFault? Find(string folder, long step)
    {
        (CheckpointManifest? manifest, CheckpointFault? fault) = CheckpointManifest.Read(folder);
        if (manifest is null) return fault;
        try
        {
            string? unlisted = Needed.FirstOrDefault(name => manifest.Files.All(file => file.Name != name));
            if (unlisted is not null) return new CheckpointFault("CK-02", $"{unlisted} is not in {CheckpointManifest.FileName}");
            return manifest.Files.Select(file => Length(folder, file)).FirstOrDefault(found => found is not null)
                ?? manifest.Files.Select(file => Content(folder, file, step)).FirstOrDefault(found => found is not null)
                ?? Steps(folder, manifest, step);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CheckpointFault("CK-02", $"a file cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})");
        }
    }

    private static CheckpointFault? Length(string folder, ManifestFile file)
    {
        try
        {
            // The length of what a link leads to, which its own entry in the folder does not tell.
            using FileStream stream = UnwaitingOpen.Read(Path.Combine(folder, file.Name));
            long length = stream.CanSeek ? stream.Length : 0;
            return length == file.Bytes ? null : new CheckpointFault("CK-03", $"{file.Name} has {length} bytes, {file.Bytes} were saved");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new CheckpointFault("CK-02", $"{file.Name} is missing");
        }
    }

    private static CheckpointFault? Content(string folder, ManifestFile file, long step)
    {
        string path = Path.Combine(folder, file.Name);
        if (CheckpointManifest.Hash(path) == file.Sha256) return null;
        // A whole file of another step is told from a damaged one: someone mixed two checkpoints.
        return OtherStep(path, step) ?? new CheckpointFault("CK-04", $"{file.Name} was changed: its SHA-256 is not the one that was saved");
    }

    private static CheckpointFault? Steps(string folder, CheckpointManifest manifest, long step)
    {
        if (manifest.Step != step) return Mixed(CheckpointManifest.FileName, manifest.Step, step);
        return manifest.Files.Select(file => OtherStep(Path.Combine(folder, file.Name), step)).FirstOrDefault(found => found is not null)
            ?? State(Path.Combine(folder, StateFile), step);
    }

    private static CheckpointFault? OtherStep(string path, long step)
    {
        if (!path.EndsWith(".safetensors", StringComparison.Ordinal)) return null;
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            bool known = file.Metadata.TryGetValue(StepKey, out string? text);
            return known && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long own) && own != step
                ? Mixed(Path.GetFileName(path), own, step)
                : null;
        }
        catch (ParScaleException)
        {
            // Damaged: its hash has been reported, or is about to be.
            return null;
        }
    }

    /// <summary>Step and seed are all that data order and dropout need; without them the run could go on, but not exactly.</summary>
    private static CheckpointFault? State(string path, long step)
    {
        try
        {
            using JsonDocument state = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = state.RootElement;
            bool seeded = root.TryGetProperty("options", out JsonElement options) && options.TryGetProperty("seed", out JsonElement seed) && seed.TryGetInt64(out _);
            if (!seeded || !root.TryGetProperty(StepKey, out JsonElement own) || !own.TryGetInt64(out long done))
                return new CheckpointFault("CK-11", $"{StateFile} has no step or seed, and with them the state of data order and dropout");
            return done == step ? null : Mixed(StateFile, done, step);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new CheckpointFault("CK-11", $"{StateFile} is not readable");
        }
    }

    private static CheckpointFault Mixed(string file, long own, long step) => new("CK-05", $"{file} is of step {own}, not of {step}");
}
