using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>Measures the product kernels on data in the first-level cache: multiply-adds a second, by type of weights and rows.</summary>
internal sealed class ProductFloors(WorkerPool pool) : IDisposable
{
    private readonly Dictionary<ProductCase, (ProductRate Kernel, List<double> Rates)> _cases = [];
    private HashSet<ProductCase> _wanted = [];

    /// <summary>All cases so far, in the order in which they were first asked for.</summary>
    public IReadOnlyList<ProductFloor> All => [.. _cases.Where(one => one.Value.Rates.Count > 0).Select(one => new ProductFloor(one.Key, Spread.Of(one.Value.Rates)))];

    /// <summary>Names the cases that the next measurements are of.</summary>
    public void Begin(IEnumerable<ProductCase> cases)
    {
        _wanted = [.. cases];
        foreach (ProductCase one in _wanted)
            if (!_cases.ContainsKey(one)) _cases[one] = (new ProductRate(one.Type, one.Rows), []);
    }

    /// <summary>Measures each case once.</summary>
    public void Measure()
    {
        foreach (ProductCase one in _wanted) _cases[one].Rates.Add(_cases[one].Kernel.Measure(pool));
    }

    /// <summary>Multiply-adds a second of a case, median of all its measurements.</summary>
    public double RateOf(ProductCase one) => Spread.Of(_cases[one].Rates).Median;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((ProductRate kernel, _) in _cases.Values) kernel.Dispose();
    }
}

/// <summary>A measured product kernel.</summary>
/// <param name="Case">Type of the weights and rows.</param>
/// <param name="Rate">Multiply-adds a second.</param>
internal readonly record struct ProductFloor(ProductCase Case, Spread Rate);
