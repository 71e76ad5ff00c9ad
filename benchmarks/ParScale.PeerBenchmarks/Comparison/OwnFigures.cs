using System.Text.Json;

namespace ParScale.PeerBenchmarks.Comparison;

/// <summary>What <c>parscale bench</c> prints, as far as it is compared.</summary>
internal sealed record OwnFigures(string Cpu, string Runtime, string Kernel, IReadOnlyList<OwnRow> Rows)
{
    /// <summary>Reads its JSON.</summary>
    public static OwnFigures Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement machine = document.RootElement.GetProperty("machine");
        OwnRow[] rows = [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(Row)];
        string dtype = document.RootElement.GetProperty("rows")[0].GetProperty("dtype").GetString()!;
        return new OwnFigures(
            machine.GetProperty("cpu").GetString()!, machine.GetProperty("runtime").GetString()!, machine.GetProperty("kernels").GetProperty(dtype).GetString()!, rows);
    }

    private static OwnRow Row(JsonElement row) => new(
        row.GetProperty("streams").GetInt32(), row.GetProperty("decode_ms").GetDouble(), row.GetProperty("floor_ms").GetDouble(),
        row.GetProperty("product_floor_ms").GetDouble(), row.GetProperty("prefill_tokens_s") is { ValueKind: JsonValueKind.Number } speed ? speed.GetDouble() : null);
}

/// <summary>One row of it: milliseconds, tokens a second.</summary>
internal readonly record struct OwnRow(int Streams, double DecodeMs, double ReadMs, double ProductMs, double? PromptTokensS);
