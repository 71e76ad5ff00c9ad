using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>The keys of mixtures of experts, which families share in part.</summary>
internal static class ExpertKeys
{
    private const string CountKey = "num_experts";
    private const string LocalCountKey = "num_local_experts";
    private const string ChosenKey = "num_experts_per_tok";
    private const string NormalizedKey = "norm_topk_prob";
    private const string WidthKey = "moe_intermediate_size";
    private const string StepKey = "decoder_sparse_step";
    private const string DenseLayersKey = "mlp_only_layers";

    /// <summary>The numbers of experts, whose first key has two names in all families.</summary>
    public static IReadOnlyList<string> Counts { get; } = [CountKey, LocalCountKey, ChosenKey];

    /// <summary>Those of families in which some layers may be dense, and experts have a width of their own.</summary>
    public static IReadOnlyList<string> Sparse { get; } = [.. Counts, NormalizedKey, WidthKey, StepKey, DenseLayersKey];

    /// <summary>Experts as <c>norm_topk_prob</c> says.</summary>
    /// <exception cref="ParScaleException">A number is out of range, or the two names of one contradict each other (CF-08).</exception>
    public static ExpertsConfig Read(FamilyFile file) => Read(file, file.Flag(NormalizedKey));

    /// <summary>The same where the class decides whether probabilities are divided by their sum.</summary>
    public static ExpertsConfig Read(FamilyFile file, bool normalized)
    {
        int count = Count(file.Json);
        int chosen = file.Json.Size(ChosenKey, ConfigLimits.Experts);
        if (chosen > count)
            chosen = file.Faults.Refuse(file.Json.Bad("CF-08", ChosenKey, file.Json.Find(ChosenKey)!.Value, $"at most the number of experts, which is {count}"), count);
        return new ExpertsConfig { Count = count, Chosen = chosen, Normalized = normalized };
    }

    /// <summary>A block of such experts whose width has a key of its own.</summary>
    public static FeedForwardConfig OwnWidth(FamilyFile file, ExpertsConfig experts) =>
        file.FeedForward() with { Width = file.Json.Size(WidthKey, ConfigLimits.Intermediate), Experts = experts };

    /// <summary>Which layers have experts: [L].</summary>
    public static bool[] SparseLayers(FamilyFile file)
    {
        int step = file.Json.Whole(StepKey, 1, 1, int.MaxValue, "CF-08");
        var sparse = new bool[file.Layers];
        for (int i = 0; i < sparse.Length; i++) sparse[i] = (i + 1) % step == 0;
        if (file.Json.Find(DenseLayersKey) is not { } list) return sparse;
        if (list.ValueKind != JsonValueKind.Array) return file.Faults.Refuse(file.Json.Bad("CF-08", DenseLayersKey, list, "a list of numbers of layers"), sparse);
        foreach (JsonElement value in list.EnumerateArray())
        {
            int layer = file.Faults.Try(() => file.Json.Whole($"{DenseLayersKey}[]", value, 0, int.MaxValue, "CF-08"), int.MaxValue);
            if (layer < sparse.Length) sparse[layer] = false;
        }
        return sparse;
    }

    /// <summary>Writes the numbers of experts, and <c>norm_topk_prob</c> where it is read.</summary>
    public static void Write(Utf8JsonWriter json, ModelConfig model, bool normalized = true, string count = CountKey)
    {
        ExpertsConfig experts = Experts(model);
        json.WriteNumber(count, experts.Count);
        json.WriteNumber(ChosenKey, experts.Chosen);
        if (normalized) json.WriteBoolean(NormalizedKey, experts.Normalized);
    }

    /// <summary>The same, the width, and which layers are dense.</summary>
    public static void WriteSparse(Utf8JsonWriter json, ModelConfig model)
    {
        Write(json, model);
        json.WriteNumber(WidthKey, model.Layers.FirstOrDefault(layer => layer.FeedForward.Experts is not null)?.FeedForward.Width ?? model.IntermediateSize);
        json.WriteNumber(StepKey, 1);
        json.WriteStartArray(DenseLayersKey);
        for (int i = 0; i < model.LayerCount; i++)
            if (model.Layers[i].FeedForward.Experts is null) json.WriteNumberValue(i);
        json.WriteEndArray();
    }

    /// <summary>The experts of the first layer that has some; a single one where all layers are dense, which no layer then looks at.</summary>
    public static ExpertsConfig Experts(ModelConfig model) =>
        model.Layers.Select(layer => layer.FeedForward.Experts).FirstOrDefault(experts => experts is not null) ?? new ExpertsConfig { Count = 1, Chosen = 1 };

    // Transformers writes one name or the other, whatever the family.
    private static int Count(ConfigObject json)
    {
        if (!json.Has(LocalCountKey)) return json.Size(CountKey, ConfigLimits.Experts);
        int count = json.Size(LocalCountKey, ConfigLimits.Experts);
        if (json.Find(CountKey) is { } other && json.Size(CountKey, ConfigLimits.Experts) != count)
            throw json.Bad("CF-08", CountKey, other, $"{count}, as {LocalCountKey} says; both name the number of experts");
        return count;
    }
}
