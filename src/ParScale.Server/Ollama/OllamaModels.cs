using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Configuration;
using ParScale.Model;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;
using ParScale.Server.Requests;

namespace ParScale.Server.Ollama;

/// <summary>What is served, as Ollama tells it.</summary>
internal static class OllamaModels
{
    /// <summary><c>GET /api/tags</c></summary>
    public static Task List(RequestScope scope) => Answer.Json(scope.Context,
        new OllamaModelList([.. scope.State.Models.SelectMany(Entries)]), WireJson.Wire.OllamaModelList);

    /// <summary><c>GET /api/ps</c>: all of them are in memory, and stay.</summary>
    public static Task Running(RequestScope scope) => Answer.Json(scope.Context, new OllamaModelList([.. scope.State.Models.SelectMany(Entries)
        .Select(entry => entry with { ExpiresAt = OllamaGeneration.Time(DateTimeOffset.MaxValue), SizeVram = 0 })]), WireJson.Wire.OllamaModelList);

    /// <summary><c>POST /api/show</c></summary>
    public static async Task Show(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        string? name = OllamaRequest.Name(new Fields(body.RootElement));
        ServedModel served = scope.State.Find(name);
        StreamSet set = served.Names().First(one => string.IsNullOrEmpty(name) || one.Name == name).Set;
        ModelConfig config = served.Model.Config;
        string family = config.Family;
        string template = served.Model.ChatTemplate?.Source ?? "";
        var info = new JsonObject
        {
            ["general.architecture"] = family,
            ["general.parameter_count"] = config.Parameters,
            [$"{family}.context_length"] = config.MaxPositions,
            [$"{family}.embedding_length"] = config.HiddenSize,
            [$"{family}.block_count"] = config.LayerCount,
            [$"{family}.feed_forward_length"] = config.IntermediateSize,
            [$"{family}.attention.head_count"] = config.AttentionHeads,
            [$"{family}.attention.head_count_kv"] = config.KeyValueHeads,
            ["parscale.streams"] = set.Count,
            ["parscale.prefix_tokens"] = set.Config.PrefixTokens,
        };
        await Answer.Json(scope.Context, new OllamaShown(template, Parameters(served.Model), Details(served.Model), info, [.. Capabilities(served.Model)], Time(served)),
            WireJson.Wire.OllamaShown).ConfigureAwait(false);
    }

    /// <summary><c>GET /api/version</c></summary>
    public static Task Version(RequestScope scope) => Answer.Json(scope.Context, new OllamaVersion(Fingerprint.Version), WireJson.Wire.OllamaVersion);

    private static IEnumerable<OllamaModel> Entries(ServedModel served) => served.Names().Select(one =>
        new OllamaModel(one.Name, Time(served), served.Model.WeightBytes + one.Set.Bytes, Details(served.Model)));

    private static IEnumerable<string> Capabilities(LanguageModel model)
    {
        yield return "completion";
        if (model.ChatTemplate is null) yield break;
        if (model.ToolCallFormat is not null) yield return "tools";
        if (model.Thinking.IsKnown) yield return "thinking";
    }

    private static OllamaDetails Details(LanguageModel model)
    {
        double parameters = model.Config.Parameters;
        string size = parameters >= 1e9 ? $"{(parameters / 1e9).ToString("F1", CultureInfo.InvariantCulture)}B" : $"{(parameters / 1e6).ToString("F2", CultureInfo.InvariantCulture)}M";
        return new OllamaDetails(model.Config.Family, size, model.Dtype.ToString());
    }

    // As lines of a model file: what runs when a request says nothing.
    private static string Parameters(LanguageModel model) => FormattableString.Invariant(
        $"temperature {model.DefaultSampling.Temperature}\ntop_k {model.DefaultSampling.TopK}\ntop_p {model.DefaultSampling.TopP}\nmin_p {model.DefaultSampling.MinP}\nrepeat_penalty {model.DefaultSampling.RepetitionPenalty}");

    private static string Time(ServedModel served) => OllamaGeneration.Time(DateTimeOffset.FromUnixTimeSeconds(served.Created));
}
