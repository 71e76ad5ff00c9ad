using System.Globalization;
using System.Text;
using System.Text.Json;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Generation;

namespace ParScale.Checkpoints;

/// <summary>
/// The routers of a model's streams, in a file beside the weights that other loaders do not open: docs/decisions/0030-stored-routers.md. It names the
/// weights that they were fitted to by samples of the backbone and of what quantising leaves of the streams.
/// </summary>
internal static class StreamGateFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "stream_gate.json";

    private const string Format = "parscale-stream-gate-1", FormatKey = "format", BackboneKey = "xxh128_backbone", StreamsKey = "xxh128_streams", RoutersKey = "routers";
    private const string CountKey = "streams", InterceptKey = "intercept", QuantilesKey = "quantiles";

    // In the order of the figures of a prediction.
    private static readonly string[] WeightKeys = ["entropy", "entropy_squared", "best", "margin"];

    /// <summary>The numbers of streams that can have a router: those that can rest.</summary>
    public static IReadOnlyList<int> Counts(StreamConfig streams) => !streams.CanRest ? []
        : [.. streams.Elastic.Where(count => count > 1).Append(streams.Count).Distinct().Order()];

    /// <summary>The routers that the folder of a checkpoint has, none where there is no such file.</summary>
    /// <param name="streams">The checkpoint with the streams.</param>
    /// <param name="backbone">The one whose weights they run over; the same of a whole model.</param>
    /// <exception cref="ParScaleException">The file is malformed (CF-01 to CF-04, AD-07) or was fitted to other weights (AD-08).</exception>
    public static IReadOnlyList<StreamRouter> Read(Checkpoint streams, Checkpoint backbone)
    {
        string path = Path.Combine(streams.Folder, Name);
        if (!InputFile.IsThere(path, "AD-07")) return [];
        using JsonDocument document = ConfigObject.Parse(InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01"), path);
        var json = new ConfigObject(document.RootElement, path);
        json.RequireKeys("stream_gate", "AD-07", FormatKey, BackboneKey, StreamsKey, RoutersKey);
        if (json.Text(FormatKey) is not Format)
            throw Malformed(path, $"{FormatKey} is not \"{Format}\": another version wrote it; fit the gate again (parscale-train gates --save)");
        string? sample = backbone.Config.QuantizedType is null ? BackboneHash.SampleOf(backbone) : backbone.Config.QuantizedFrom;
        if (sample is null || json.Text(BackboneKey) != sample || json.Text(StreamsKey) != BackboneHash.SampleOfStreams(streams))
        {
            throw new ParScaleException(ErrorKind.HashMismatch, "AD-08",
                $"{Path.GetFileName(path)}: the gate was fitted to other weights than those of {ParScaleException.Quote(streams.Folder)}; fit it again (parscale-train gates --save) or remove the file");
        }
        if (json.Find(RoutersKey) is not { ValueKind: JsonValueKind.Array } list) throw Malformed(path, $"{RoutersKey} must be a list");
        StreamRouter[] routers = [.. list.EnumerateArray().Select((one, i) => ReadRouter(json, one, path, string.Create(CultureInfo.InvariantCulture, $"{RoutersKey}[{i}]")))];
        IReadOnlyList<int> counts = Counts(streams.Config.Streams);
        foreach (StreamRouter router in routers)
        {
            if (!counts.Contains(router.Streams))
                throw Malformed(path, $"a router is for {router.Streams} streams; of this model {(counts.Count == 0 ? "none can rest" : $"these can rest: {string.Join(", ", counts)}")}");
        }
        return routers.DistinctBy(router => router.Streams).Count() == routers.Length ? routers : throw Malformed(path, "two routers are for the same number of streams");
    }

    /// <summary>Writes the routers of a checkpoint into a folder that holds the same model; an older file is replaced.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(string folder, Checkpoint checkpoint, IEnumerable<StreamRouter> routers)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString(FormatKey, Format);
            json.WriteString(BackboneKey, BackboneHash.SampleOf(checkpoint));
            json.WriteString(StreamsKey, BackboneHash.SampleOfStreams(checkpoint));
            json.WriteStartArray(RoutersKey);
            foreach (StreamRouter router in routers)
            {
                json.WriteStartObject();
                json.WriteNumber(CountKey, router.Streams);
                json.WriteNumber(InterceptKey, router.Intercept);
                for (int i = 0; i < WeightKeys.Length; i++) json.WriteNumber(WeightKeys[i], router.Weights[i]);
                json.WriteStartArray(QuantilesKey);
                foreach (double gain in router.Quantiles) json.WriteNumberValue(gain);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        DurableFile.ReplaceText(Path.Combine(folder, Name), Encoding.UTF8.GetString(buffer.ToArray()) + "\n");
    }

    /// <summary>Takes the file over into a copy of the same model, such as a quantised one.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Copy(string from, string to)
    {
        string path = Path.Combine(from, Name);
        if (!Path.Exists(path)) return;
        using FileStream source = InputFile.Open(path, "CF-01");
        DurableFile.Write(Path.Combine(to, Name), source.CopyTo);
    }

    private static StreamRouter ReadRouter(ConfigObject file, JsonElement value, string path, string place)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Malformed(path, $"{place} must be an object");
        ConfigObject json = file.Inner(value);
        json.RequireKeys(place, "AD-07", [CountKey, InterceptKey, .. WeightKeys, QuantilesKey]);
        int streams = json.Whole(CountKey, 2, ConfigLimits.Streams, "AD-07");
        double intercept = Number(InterceptKey);
        double[] weights = [.. WeightKeys.Select(Number)];
        if (json.Find(QuantilesKey) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != StreamRouter.Levels
            || list.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.Number || !one.TryGetDouble(out double gain) || !double.IsFinite(gain)))
        {
            throw Malformed(path, $"{place}.{QuantilesKey} must be a list of {StreamRouter.Levels} numbers");
        }
        double[] quantiles = [.. list.EnumerateArray().Select(one => one.GetDouble())];
        var router = new StreamRouter(streams, intercept, weights, quantiles);
        return router.Step > 0 && quantiles.Zip(quantiles.Skip(1)).All(pair => pair.First <= pair.Second) ? router
            : throw Malformed(path, $"{place}.{QuantilesKey} must rise, from the tenth to the ninetieth hundredth too");

        double Number(string key) => json.Has(key) ? json.Number(key, 0, _ => true, "a finite number", "AD-07", place + ".")
            : throw Malformed(path, $"{place}.{key} is missing");
    }

    private static ParScaleException Malformed(string path, string what) => ParScaleException.BadInput("AD-07", path, what);
}
