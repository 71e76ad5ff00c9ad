namespace ParScale.Training.Data.Tasks;

/// <summary>
/// k-hop chains, which need depth: the arrows of one cycle through <paramref name="nodes"/> nodes in random order, a node and a number of
/// hops from 1 to <paramref name="hops"/>; the answer is the node that so many arrows lead to.
/// </summary>
internal sealed class HopChains(int nodes, int hops) : IGeneratedTask
{
    public string Characters => TaskLetters.First(nodes) + "123456789>=";

    public TaskExample Draw(TaskRandom random)
    {
        int[] cycle = random.Shuffled(nodes);
        int start = random.Below(nodes), hop = 1 + random.Below(hops);
        string[] arrows = [.. random.Shuffled(nodes).Select(i => $"{TaskLetters.Of(cycle[i])}{TaskLetters.Of(cycle[(i + 1) % nodes])}")];
        string asked = $">{TaskLetters.Of(cycle[start])}{hop}=", answer = TaskLetters.Of(cycle[(start + hop) % nodes]).ToString();
        return new TaskExample(string.Concat(arrows) + asked, answer, string.Concat(arrows.Order(StringComparer.Ordinal)) + asked);
    }
}
