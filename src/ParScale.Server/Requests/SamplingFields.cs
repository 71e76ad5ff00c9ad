using System.Globalization;
using System.Text;
using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>Reads how tokens are chosen and when the text stops. Absent fields keep what the model's own configuration says.</summary>
internal static class SamplingFields
{
    private const int MostBiases = 1024, MostStops = 16, LongestStop = 256;

    /// <summary>The model's defaults with what the request says in their place.</summary>
    public static SamplingOptions Sampling(Fields body, SamplingOptions defaults, int vocabularySize) => defaults with
    {
        Temperature = body.Number("temperature", 0, 100) ?? defaults.Temperature,
        TopP = body.Number("top_p", 0, 1, openBelow: true) ?? defaults.TopP,
        // vLLM turns top-k off with -1, llama.cpp with 0.
        TopK = (int)Math.Max(0, body.Integer("top_k", -1, int.MaxValue) ?? defaults.TopK),
        MinP = body.Number("min_p", 0, 1) ?? defaults.MinP,
        RepetitionPenalty = body.Number("repetition_penalty", 0.01, 100) ?? body.Number("repeat_penalty", 0.01, 100) ?? defaults.RepetitionPenalty,
        PresencePenalty = body.Number("presence_penalty", -2, 2) ?? defaults.PresencePenalty,
        FrequencyPenalty = body.Number("frequency_penalty", -2, 2) ?? defaults.FrequencyPenalty,
        LogitBias = Biases(body, vocabularySize),
        // As with llama.cpp and vLLM, -1 draws a new one.
        Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed and not -1 ? unchecked((ulong)seed) : (ulong)Random.Shared.NextInt64(),
    };

    /// <summary>Most new tokens; -1 where only the context is to be a limit, as with llama.cpp; null where the request does not say.</summary>
    public static long? Limit(Fields body, string name) => body.Integer(name, -1, int.MaxValue) is not 0 and var most ? most
        : throw ApiException.Field(body.At(name), $"{body.At(name)} must be at least 1, or -1 for no limit but the context");

    /// <summary>Texts that end the answer.</summary>
    public static string[]? Stops(Fields body)
    {
        if (body.Get("stop") is not { } stop) return null;
        string[] stops = stop.ValueKind == JsonValueKind.Array
            ? [.. body.List("stop", MostStops)!.Value.EnumerateArray().Select((one, i) => Fields.TextOf(one, $"{body.At("stop")}[{i}]"))]
            : [Fields.TextOf(stop, body.At("stop"))];
        if (stops.Contains("")) throw ApiException.Field(body.At("stop"), "a stop text is empty");
        if (stops.Any(one => Encoding.UTF8.GetByteCount(one) > LongestStop)) throw ApiException.Field(body.At("stop"), $"a stop text is longer than {LongestStop} bytes");
        return stops;
    }

    private static Dictionary<int, double>? Biases(Fields body, int vocabularySize)
    {
        if (body.Object("logit_bias") is not { } biases) return null;
        if (biases.Json.GetPropertyCount() > MostBiases) throw ApiException.Field(biases.Path, $"{biases.Path} has more than {MostBiases} entries");
        var read = new Dictionary<int, double>();
        foreach (JsonProperty one in biases.Json.EnumerateObject())
        {
            if (!int.TryParse(one.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token) || token >= vocabularySize)
                throw ApiException.Field(biases.Path, $"{biases.Path} names {ParScaleException.Quote(one.Name)}; it must name token ids from 0 to {vocabularySize - 1}");
            read[token] = one.Value.ValueKind == JsonValueKind.Null ? 0 : Fields.NumberOf(one.Value, biases.At(one.Name), -100, 100);
        }
        return read.Count == 0 ? null : read;
    }
}
