using System.Globalization;

namespace ParScale.Cli.Commands;

/// <summary>The report of <c>parscale inspect</c> for people: one thing a line.</summary>
internal static class InspectText
{
    /// <summary>Writes it.</summary>
    public static void Write(InspectResult model, TextWriter output)
    {
        void Line(string name, FormattableString value) => output.WriteLine($"{name,-14}{value.ToString(CultureInfo.InvariantCulture)}");

        if (model.Family is not null) Line("architecture", $"{model.Architecture}, of the family {model.Family}, which is supported");
        Line("is", $"{model.What}");
        if (model.Licence is { } licence) Line("licence", $"{licence}");
        if (model.BaseModel is { } made) Line("made from", $"{made}");
        if (model.Parameters is { } counts)
        {
            Line("parameters", $"{counts.Total:N0} = core {counts.Core:N0} + prefix {counts.Prefix:N0} + aggregator {counts.Aggregator:N0}");
            if (counts.Idle > 0) Line("active", $"{counts.Active:N0} for a token; {counts.Idle:N0} of experts that it does not choose");
            Line("embedding", $"{counts.Embedding:N0} of them; {counts.NonEmbedding:N0} others");
            string prefixes = model.Anchored == true ? ", the first of them an anchor without a prefix" : "";
            Line("streams", $"{model.Streams}, {model.PrefixTokens} prefix tokens each{prefixes}");
            Line("shape", $"{model.Layers} layers, hidden {model.Hidden}, intermediate {model.Intermediate}, {model.Heads} heads of {model.HeadSize}, {model.KvHeads} kv heads");
            Line("vocabulary", $"{model.Vocabulary}, head {(model.TiedHead == true ? "tied" : "separate")}");
            foreach (string line in model.Description ?? []) Line("computes", $"{line}");
            Line("context", $"{model.Context} tokens");
        }
        if (model.Files is { } files) Line("files", $"{files}");
        foreach ((string dtype, long bytes) in model.MemoryBytes ?? new Dictionary<string, long>()) Line($"weights {dtype}", $"{bytes:N0} bytes");
        if (model.KvBytesPerToken is { } cache) Line("kv cache", $"{cache:N0} bytes per token");
        if (model.Tokenizer is { } tokenizer)
            Line("tokenizer", $"{tokenizer.Kind}, {tokenizer.Vocabulary} ids, self-test {tokenizer.SelfTest}, sha256 {tokenizer.Fingerprint}");
        else if (model.Family is not null && !model.Unsupported.Any(thing => thing.Part == "tokenizer")) Line("tokenizer", $"none: only token ids can be used");
        if (model.ChatTemplate is { } template) Line("chat template", $"{template.File}{(template.Names.Count > 1 ? $": {string.Join(", ", template.Names)}" : "")}");
        else if (model.Family is not null && !model.Unsupported.Any(thing => thing.Part == "chat template")) Line("chat template", $"none");
        foreach (string notice in model.Notices) Line("note", $"{notice}");
        foreach (UnsupportedPart thing in model.Unsupported) Line("unsupported", $"{thing.Code} {thing.Message}");
        Line("runs", $"{(model.Supported ? "yes" : "no: see the lines above")}");
    }
}
