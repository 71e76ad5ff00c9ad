using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Configuration;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Bench;

/// <summary>The shape of a model without a checkpoint: a published one, or any other.</summary>
internal sealed class ShapeOptions
{
    private const string DefaultShape = "1.8B";

    private static readonly string Names = string.Join(", ", PublishedShapes.All.Select(shape => shape.Name));

    private readonly Option<string?> _shape = new("--shape")
    {
        Description = $"Random weights of a published shape: {Names} (default: {DefaultShape}); or of any config.json, of whatever family.",
        HelpName = "NAME|FILE",
        Arity = ArgumentArity.ExactlyOne,
    };
    private readonly Option<int?> _hidden = Size("--hidden", "hidden size", ConfigLimits.Hidden);
    private readonly Option<int?> _intermediate = Size("--intermediate", "MLP width", ConfigLimits.Intermediate);
    private readonly Option<int?> _layers = Size("--layers", "number of layers", ConfigLimits.Layers);
    private readonly Option<int?> _heads = Size("--heads", "number of attention heads", ConfigLimits.Heads);
    private readonly Option<int?> _keyHeads = Size("--kv-heads", "number of key-value heads", ConfigLimits.Heads);
    private readonly Option<int?> _vocabulary = Size("--vocab", "vocabulary size", ConfigLimits.Vocabulary);
    private readonly Option<int?> _prefix = Size("--prefix-tokens", "prefix slots per stream", ConfigLimits.PrefixTokens);

    private readonly Option<bool> _anchored = CommonOptions.Flag("--anchored", "Streams beside an anchor: the plain model reads prompts alone and keeps the only keys and values.");

    private IEnumerable<Option> Changes => [_hidden, _intermediate, _layers, _heads, _keyHeads, _vocabulary];

    private IEnumerable<Option> All => [_shape, _hidden, _intermediate, _layers, _heads, _keyHeads, _vocabulary, _prefix, _anchored];

    public void AddTo(Command command)
    {
        foreach (Option option in All) command.Options.Add(option);
    }

    /// <summary>The first of these options that was given, or null.</summary>
    public string? Given(ParseResult parse) => All.FirstOrDefault(option => parse.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>Prefix slots of each stream.</summary>
    public int PrefixTokens(ParseResult parse) => parse.GetValue(_prefix)
        ?? (ConfigShape.Read(NameOf(parse)) is { } config ? ShapeConversion.PrefixSlots(config.Streams) : Published(NameOf(parse)).PrefixSlots);

    /// <summary>Whether streams other than the first are helpers of an anchor.</summary>
    public bool Anchored(ParseResult parse) => parse.GetValue(_anchored) || ConfigShape.Read(NameOf(parse)) is { Streams.Anchored: true };

    /// <summary>The name to print, and the shape.</summary>
    public (string Name, ModelConfig Shape) Read(ParseResult parse)
    {
        string name = NameOf(parse);
        if (ConfigShape.Read(name) is { } config)
        {
            if (Changes.FirstOrDefault(option => parse.GetResult(option) is { Implicit: false }) is not { } change) return (ConfigShape.NameOf(name), config.Model);
            throw ParScaleException.Usage("CL-02", $"{change.Name} changes a published shape; change the number in {ParScaleException.Quote(name)} instead");
        }
        ModelConfig shape = Published(name).ToConfig();
        ModelConfig changed = shape with
        {
            HiddenSize = parse.GetValue(_hidden) ?? shape.HiddenSize,
            AttentionHeads = parse.GetValue(_heads) ?? shape.AttentionHeads,
            KeyValueHeads = parse.GetValue(_keyHeads) ?? shape.KeyValueHeads,
            VocabularySize = parse.GetValue(_vocabulary) ?? shape.VocabularySize,
        };
        changed = changed with { HeadSize = changed.HiddenSize / changed.AttentionHeads };
        Check(changed);
        changed = changed with
        {
            Layers = LayerConfig.Qwen2(parse.GetValue(_layers) ?? shape.LayerCount, changed.HeadSize, parse.GetValue(_intermediate) ?? shape.IntermediateSize, shape.RopeTheta),
        };
        return changed == shape ? (name, shape) : ($"{changed.LayerCount}x{changed.HiddenSize}", changed);
    }

    private string NameOf(ParseResult parse) => parse.GetValue(_shape) ?? DefaultShape;

    private static ModelShape Published(string name) => PublishedShapes.Find(name) ?? throw ParScaleException.Usage("CL-02",
        $"--shape {ParScaleException.Quote(name)} is not known; take {Names} or a config.json, or change one with --hidden and the others");

    private static void Check(ModelConfig shape)
    {
        if (shape.HiddenSize % shape.AttentionHeads != 0 || shape.HeadSize % 2 != 0)
            throw ParScaleException.Usage("CL-02", $"--hidden {shape.HiddenSize} over --heads {shape.AttentionHeads} must be an even whole number");
        if (shape.HeadSize > ConfigLimits.HeadSize)
            throw ParScaleException.Usage("CL-02", $"--hidden {shape.HiddenSize} over --heads {shape.AttentionHeads} must be at most {ConfigLimits.HeadSize}");
        if (shape.AttentionHeads % shape.KeyValueHeads != 0)
            throw ParScaleException.Usage("CL-02", $"--kv-heads {shape.KeyValueHeads} must divide --heads {shape.AttentionHeads}");
    }

    private static Option<int?> Size(string name, string what, int most) =>
        NumberOption.Integer(name, $"Replaces the shape's {what}.", 1, most);
}
