using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>The models of one type that a run measures: random ones of a shape, or a checkpoint's.</summary>
internal sealed class BenchmarkModel : IDisposable
{
    private readonly Dictionary<int, ModelWeights> _loaded = [];
    private readonly BenchmarkPlan _plan;
    private readonly Func<ModelConfig, ModelWeights> _load;
    private readonly IDisposable _owner;

    public BenchmarkModel(BenchmarkPlan plan, WeightType? type)
    {
        _plan = plan;
        if (plan.Folder is null)
        {
            var random = new RandomWeights(type ?? WeightType.F32);
            (_load, _owner) = (random.For, random);
        }
        else
        {
            var checkpoint = Checkpoint.Open(plan.Folder);
            (_load, _owner) = (config => ModelWeights.Load(checkpoint, config, type), checkpoint);
        }
    }

    /// <summary>Bytes of everything loaded so far.</summary>
    public long Bytes => WeightCost.Bytes(_loaded.Values);

    /// <summary>The weights for P streams, loaded or made when they are first asked for.</summary>
    public ModelWeights For(int streams)
    {
        if (!_loaded.TryGetValue(streams, out ModelWeights? weights))
            _loaded[streams] = weights = _load(_plan.ConfigFor(streams));
        return weights;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ModelWeights weights in _loaded.Values) weights.Dispose();
        _owner.Dispose();
    }
}
