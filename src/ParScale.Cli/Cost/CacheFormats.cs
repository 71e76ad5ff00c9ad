using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Cost;

/// <summary>In which format keys and values are held beside each format of the weights.</summary>
internal static class CacheFormats
{
    /// <summary>Names of formats of keys and values by those of the weights.</summary>
    public static Dictionary<string, string> Of(IEnumerable<(WeightDtype Weights, KvDtype Cache)> models) =>
        models.Distinct().ToDictionary(pair => Figures.Format(pair.Weights), pair => pair.Cache.ToString().ToLowerInvariant());

    /// <summary>The same in words: <c>f32 beside bf16 weights, bf16 beside q8 and q4</c>, or one format where it is the same for all.</summary>
    public static string InWords(IReadOnlyDictionary<string, string> caches)
    {
        IGrouping<string, string>[] groups = [.. caches.GroupBy(pair => pair.Value, pair => pair.Key)];
        if (groups.Length == 1) return groups[0].Key;
        return string.Join(", ", groups.Select((group, i) => $"{group.Key} beside {string.Join(" and ", group)}{(i == 0 ? " weights" : "")}"));
    }
}
