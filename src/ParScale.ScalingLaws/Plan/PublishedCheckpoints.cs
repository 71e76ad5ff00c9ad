using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>The 67 published checkpoints. Source: the list of models in the authors' repository.</summary>
public static class PublishedCheckpoints
{
    private const string Owner = "ParScale/ParScale-";
    private const string FrozenTraining = "Qwen2.5-3B with its weights frozen, Python code";

    private static readonly int[] Streams = [1, 2, 4, 8];

    /// <summary>Tokens that the published models take.</summary>
    public const int Positions = 2048;

    /// <summary>All of them: by size, then by P, the ones trained on most tokens first.</summary>
    public static IReadOnlyList<PublishedCheckpoint> All { get; } =
        [.. from shape in PublishedShapes.All from streams in Streams from checkpoint in Of(shape, streams) select checkpoint];

    /// <summary>Whether there is one of this size and number of streams.</summary>
    public static bool Has(PlanChoice choice) => Names(choice.Shape, choice.Streams).Count > 0;

    /// <summary>Their names on the hub, the ones trained on most tokens first; none for other sizes.</summary>
    public static IReadOnlyList<string> Names(ModelShape shape, int streams) =>
        [.. All.Where(checkpoint => checkpoint.Shape == shape && checkpoint.Streams == streams).Select(checkpoint => checkpoint.Name)];

    /// <summary>
    /// The checkpoints that share the backbone of the named one, itself included: stream sets that were trained on the same frozen
    /// weights. None for a name that is not of such a set.
    /// </summary>
    public static IReadOnlyList<PublishedCheckpoint> SharingBackbone(string name)
    {
        PublishedCheckpoint[] frozen = [.. All.Where(checkpoint => checkpoint.Training == FrozenTraining)];
        return frozen.Any(checkpoint => checkpoint.Name == name) ? frozen : [];
    }

    private static IEnumerable<PublishedCheckpoint> Of(ModelShape shape, int streams)
    {
        string size = shape.Name;
        PublishedCheckpoint Named(string name, string training) => new(Owner + name, shape, streams, training);

        if (size == "1.8B")
        {
            yield return Named($"{size}-P{streams}", "1T tokens of text, mathematics and code");
            yield return Named($"{size}-P{streams}-Inst", "the same, then instructions (SmolTalk)");
        }
        if (size == "3B")
        {
            yield return Named($"QwenInit-{size}-P{streams}-Python", "Qwen2.5-3B, then Python code");
            yield return Named($"QwenInit-{size}-P{streams}-Pile", "Qwen2.5-3B, then the Pile");
            if (streams > 1) yield return Named($"Qwen-{size}-P{streams}-Python", FrozenTraining);
        }
        yield return Named($"{size}-P{streams}-Python", "42B tokens of Python code");
        yield return Named($"{size}-P{streams}-Pile", "42B tokens of the Pile");
    }
}
