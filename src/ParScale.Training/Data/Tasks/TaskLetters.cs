namespace ParScale.Training.Data.Tasks;

/// <summary>The letters that nodes are called by.</summary>
internal static class TaskLetters
{
    /// <summary>How many there are.</summary>
    public const int Count = 26;

    public static char Of(int node) => (char)('a' + node);

    public static string First(int nodes) => string.Concat(Enumerable.Range(0, nodes).Select(Of));
}
