namespace ParScale.Training.Data.Tasks;

/// <summary>
/// A kind of task and its two parameters. <paramref name="Flag"/> is what the second one is called; <paramref name="Most"/> is the
/// largest value that it may have beside a length.
/// </summary>
internal sealed record TaskKind(
    string Name, string Description, int DefaultLength, int MostLength, string Flag, int DefaultValue, Func<int, int> Most, Func<int, int, IGeneratedTask> Make)
{
    private const int LeastLength = 3;
    private const int MostNumbers = 64;
    private const int MostHops = 9;

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<TaskKind> All { get; } =
    [
        new("sum3", "3SUM modulo M, a label for each number", 7, MostNumbers, "modulus", 16, _ => TripleSums.MostModulus, (count, modulus) => new TripleSums(count, modulus)),
        new("reach", "which nodes of a graph a source reaches", 6, TaskLetters.Count, "edges", 7, nodes => nodes * (nodes - 1), (nodes, edges) => new Reachability(nodes, edges)),
        new("modsum", "sums modulo 10, column by column", 4, MostNumbers, "terms", 3, _ => MostNumbers, (columns, terms) => new ModularSums(columns, terms)),
        new("khop", "the node that k arrows of a cycle lead to", 8, TaskLetters.Count, "hops", 4, nodes => Math.Min(MostHops, nodes - 1), (nodes, hops) => new HopChains(nodes, hops)),
    ];

    /// <summary>The task of that length and second parameter; null stands for the default.</summary>
    /// <exception cref="ParScaleException">One is out of range (TR-10).</exception>
    public IGeneratedTask Create(int? length, int? value)
    {
        int size = length ?? DefaultLength, second = value ?? DefaultValue;
        if (size < LeastLength || size > MostLength) throw ParScaleException.Usage("TR-10", $"--length of {Name} must be {LeastLength} to {MostLength}");
        if (second < 1 || second > Most(size)) throw ParScaleException.Usage("TR-10", $"--{Flag} must be 1 to {Most(size)} with --length {size}");
        return Make(size, second);
    }
}
