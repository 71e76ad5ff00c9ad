using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>
/// Measures the machine between the rows, so that whoever else uses it slows both alike. Bytes and multiply-adds a second.
/// </summary>
internal sealed class MachineFloors(WorkerPool pool, long readBytes) : IDisposable
{
    private readonly List<double> _reads = [], _bytes = [], _floats = [];
    private readonly ReadBandwidth _memory = new(readBytes);
    private readonly ProductFloors _products = new(pool);
    private int _first;

    /// <summary>What the buffer that is read adds to the process.</summary>
    public long BufferBytes => readBytes;

    /// <summary>Reading memory, all passes.</summary>
    public Spread Read => Spread.Of(_reads);

    /// <summary>Reading memory since <see cref="Begin"/>.</summary>
    public Spread ReadLately => Spread.Of(_reads[_first..]);

    /// <summary>8-bit multiply-adds.</summary>
    public Spread Int8 => Spread.Of(_bytes);

    /// <summary>float32 multiply-adds.</summary>
    public Spread Float32 => Spread.Of(_floats);

    /// <summary>Multiply-adds in the product kernels.</summary>
    public IReadOnlyList<ProductFloor> Products => _products.All;

    /// <summary>Multiply-adds a second of a product kernel.</summary>
    public double ProductRate(ProductCase products) => _products.RateOf(products);

    /// <summary>Starts a new part of the run, which uses the product kernels of some cases.</summary>
    public void Begin(IEnumerable<ProductCase> products)
    {
        _first = _reads.Count;
        _products.Begin(products);
    }

    /// <summary>Measures everything once.</summary>
    public void Measure()
    {
        _reads.Add(_memory.Measure(pool));
        _bytes.Add(DotRate.Int8(pool));
        _floats.Add(DotRate.Float32(pool));
        _products.Measure();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _products.Dispose();
    }
}
