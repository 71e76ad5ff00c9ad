using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>The 67 published checkpoints, by size and streams. Source: the list of models in the authors' repository.</summary>
public static class PublishedCheckpoints
{
    private const string Owner = "ParScale/";

    private static readonly int[] Streams = [1, 2, 4, 8];

    /// <summary>Tokens that the published models take.</summary>
    public const int Positions = 2048;

    /// <summary>Whether there is one of this size and number of streams.</summary>
    public static bool Has(PlanChoice choice) => Names(choice.Shape, choice.Streams).Count > 0;

    /// <summary>Their names on the hub, the ones trained on most tokens first; none for other sizes.</summary>
    public static IReadOnlyList<string> Names(ModelShape shape, int streams)
    {
        if (!PublishedShapes.All.Contains(shape) || !Streams.Contains(streams)) return [];
        string size = shape.Name;
        List<string> names = [];
        if (size == "1.8B") names.AddRange([$"ParScale-{size}-P{streams}", $"ParScale-{size}-P{streams}-Inst"]);
        if (size == "3B") names.AddRange([$"ParScale-QwenInit-{size}-P{streams}-Python", $"ParScale-QwenInit-{size}-P{streams}-Pile"]);
        if (size == "3B" && streams > 1) names.Add($"ParScale-Qwen-{size}-P{streams}-Python");
        names.AddRange([$"ParScale-{size}-P{streams}-Python", $"ParScale-{size}-P{streams}-Pile"]);
        return [.. names.Select(name => Owner + name)];
    }
}
