using System.Text.Json;
using ParScale.Configuration.Rotations;

namespace ParScale.Configuration.Families;

/// <summary>Gemma 3, the models of text alone: as Gemma 2, with normalized queries and keys, and two rotations.</summary>
internal sealed class Gemma3 : Family
{
    private const string LocalThetaKey = "rope_local_base_freq";
    private const string ParametersKey = "rope_parameters";

    /// <inheritdoc/>
    public override string PlainType => "gemma3_text";

    /// <inheritdoc/>
    public override string PlainClass => "Gemma3ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
    [
        "hidden_activation", "attention_bias", "query_pre_attn_scalar", "sliding_window", "sliding_window_pattern", "layer_types", LocalThetaKey,
        "final_logit_softcapping",
    ];

    // It stands in real files, and the class does not look at it.
    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["attn_logit_softcapping"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(131072, Tied: true, HeadSize: 256);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        int pattern = file.Json.Whole("sliding_window_pattern", 6, 1, int.MaxValue, "CF-08");
        bool[] sliding = file.SlidingLayers() ?? [.. Enumerable.Range(1, file.Layers).Select(layer => layer % pattern != 0)];
        int? window = file.Window(Gemma2.AbsentWindow);
        (Rotation local, Rotation full) = Rotations(file);
        LayerConfig layer = Gemma2.Layer(file);
        layer = layer with { Attention = layer.Attention with { QueryKeyNorm = QueryKeyNorm.Head } };
        return Gemma2.Scaled(file.Model(i => layer with
        {
            Attention = layer.Attention with { Window = sliding[i] ? window : null, Rotation = sliding[i] ? local : full },
        })) with
        {
            LogitsSoftCap = file.Positive("final_logit_softcapping", null),
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        Gemma2.WriteCommon(json, model);
        json.WriteStartObject(ParametersKey);
        foreach ((string type, bool windowed) in (ReadOnlySpan<(string, bool)>)[(FamilyFile.SlidingAttention, true), (FamilyFile.FullAttention, false)])
        {
            if (model.Layers.FirstOrDefault(layer => layer.Attention.Window is not null == windowed)?.Attention.Rotation is not { } rotation) continue;
            json.WriteStartObject(type);
            json.WriteNumber("rope_theta", rotation.Theta);
            RotationWriter.WriteScaling(json, rotation);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static (Rotation Local, Rotation Full) Rotations(FamilyFile file)
    {
        var plain = new DefaultRotation { Theta = 10000, Size = file.HeadSize };
        return file.Faults.Try(() => ReadRotations(file), (plain, plain));
    }

    private static (Rotation Local, Rotation Full) ReadRotations(FamilyFile file)
    {
        ConfigObject json = file.Json;
        double theta = json.Has(LocalThetaKey)
            ? json.Number(LocalThetaKey, 1, value => value is > 0 and <= ConfigLimits.RopeTheta, "a number above 0, at most 1e15", "CF-09")
            : 10000;
        RotationReader local = file.Rotations(theta), full = file.Rotations(1e6);
        if (json.Find(ParametersKey) is not { } value) return (new DefaultRotation { Theta = theta, Size = file.HeadSize }, full.Read());
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("CF-09", ParametersKey, value, "an object or null");
        if (json.Find("rope_scaling") is { } old) throw json.Bad("CF-09", "rope_scaling", old, $"null beside {ParametersKey}; keep one");
        ConfigObject inner = json.Inner(value);
        inner.RequireKeys(ParametersKey, "CF-09", FamilyFile.SlidingAttention, FamilyFile.FullAttention);
        Rotation Read(RotationReader reader, string type) => inner.Find(type) is { } settings
            ? reader.Read($"{ParametersKey}.{type}", settings)
            : new DefaultRotation { Theta = reader.AbsentTheta, Size = file.HeadSize };
        return (Read(local, FamilyFile.SlidingAttention), Read(full, FamilyFile.FullAttention));
    }
}
