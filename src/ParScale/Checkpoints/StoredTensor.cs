namespace ParScale.Checkpoints;

/// <summary>One tensor of a float checkpoint.</summary>
/// <param name="Name">Its published name.</param>
/// <param name="Shape">Its axes, outermost first.</param>
public sealed record StoredTensor(string Name, long[] Shape)
{
    /// <summary>
    /// The tensors that it is cut into when it is loaded, one after the other; together they are all of it. Empty when it is
    /// loaded as it is. A quantised folder holds the parts under their own names.
    /// </summary>
    public IReadOnlyList<StoredTensor> Parts { get; init; } = [];

    /// <summary>Several matrices [rows, columns] in one tensor.</summary>
    internal static StoredTensor Fused(string name, long columns, params ReadOnlySpan<(string Name, long Rows)> parts)
    {
        var cut = new List<StoredTensor>();
        foreach ((string part, long rows) in parts) cut.Add(new StoredTensor(part, [rows, columns]));
        return new StoredTensor(name, [cut.Sum(part => part.Shape[0]), columns]) { Parts = cut };
    }
}
