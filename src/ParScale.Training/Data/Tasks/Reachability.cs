namespace ParScale.Training.Data.Tasks;

/// <summary>
/// Reachability: given <paramref name="edges"/> different directed edges between <paramref name="nodes"/> nodes and a source, the answer has
/// for each other node, in the order of letters, a 1 if a path leads from the source to it, else a 0.
/// </summary>
internal sealed class Reachability(int nodes, int edges) : IGeneratedTask
{
    public string Characters => TaskLetters.First(nodes) + "01>=";

    public TaskExample Draw(TaskRandom random)
    {
        // Edge e goes from e / (nodes - 1) to one of the others.
        (int From, int To)[] graph =
        [
            .. random.Shuffled(nodes * (nodes - 1)).Take(edges).Select(e => (e / (nodes - 1), (e / (nodes - 1) + 1 + e % (nodes - 1)) % nodes)),
        ];
        int source = random.Below(nodes);
        var reached = new HashSet<int> { source };
        var open = new Queue<int>([source]);
        while (open.TryDequeue(out int node))
            foreach ((_, int to) in graph.Where(edge => edge.From == node))
                if (reached.Add(to)) open.Enqueue(to);
        string[] written = [.. graph.Select(edge => $"{TaskLetters.Of(edge.From)}{TaskLetters.Of(edge.To)}")];
        string answer = string.Concat(Enumerable.Range(0, nodes).Where(node => node != source).Select(node => reached.Contains(node) ? '1' : '0'));
        string asked = $">{TaskLetters.Of(source)}=";
        return new TaskExample(string.Concat(written) + asked, answer, string.Concat(written.Order(StringComparer.Ordinal)) + asked);
    }
}
