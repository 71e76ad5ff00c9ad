using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>SmolLM3: a Llama in which some layers do not turn.</summary>
internal sealed class SmolLm3 : Family
{
    private const string ListKey = "no_rope_layers";

    /// <inheritdoc/>
    public override string PlainType => "smollm3";

    /// <inheritdoc/>
    public override string PlainClass => "SmolLM3ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
    [
        "hidden_act", "attention_bias", "mlp_bias", ListKey, "no_rope_layer_interval", "use_sliding_window", "sliding_window", "layer_types",
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["max_window_layers"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(32768, Tied: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        bool[] turns = TurningLayers(file);
        int?[] windows = file.SwitchedWindows(i => !turns[i], absent: null);
        LayerConfig layer = Llama.Layer(file, absentTheta: 2e6);
        return file.Model(i => layer with
        {
            Attention = layer.Attention with { Rotation = turns[i] ? layer.Attention.Rotation : null, Window = windows[i] },
        });
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        Llama.WriteBiases(json, model);
        json.WriteStartArray(ListKey);
        foreach (LayerConfig layer in model.Layers) json.WriteNumberValue(layer.Attention.Rotation is null ? 0 : 1);
        json.WriteEndArray();
        WriteSwitchedWindows(json, model);
    }

    // In the list 1 means, against its name, that the layer turns.
    private static bool[] TurningLayers(FamilyFile file)
    {
        if (file.Json.Find(ListKey) is not { } list)
        {
            int interval = file.Json.Whole("no_rope_layer_interval", 4, 1, int.MaxValue, "CF-08");
            return [.. Enumerable.Range(1, file.Layers).Select(layer => layer % interval != 0)];
        }
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != file.Layers)
            return file.Faults.Refuse(file.Json.Bad("CF-08", ListKey, list, $"a list of {file.Layers} (num_hidden_layers) times 0 or 1"), new bool[file.Layers]);
        return [.. list.EnumerateArray().Select((value, i) => file.Faults.Try(() => file.Json.Whole($"{ListKey}[{i}]", value, 0, 1, "CF-08"), 1) == 1)];
    }
}
