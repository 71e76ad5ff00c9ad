using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>The weights of one type that a run measures, with all of its stream sets: random ones of a shape, or a checkpoint's.</summary>
internal sealed class BenchmarkModel : IDisposable
{
    private readonly Dictionary<(int Streams, bool Anchored, KvDtype Cache), StreamSet> _sets = [];
    private readonly Func<int, bool, KvDtype, StreamSet> _load;
    private readonly IDisposable _owner;

    public BenchmarkModel(BenchmarkPlan plan, WeightDtype? type)
    {
        if (plan.Folder is null)
        {
            var random = new RandomWeights(type ?? WeightDtype.F32);
            Backbone = random.Backbone(plan.Model);
            (_load, _owner) = ((streams, anchored, cache) => random.Streams(plan.Model, plan.StreamsOf(streams, anchored), cache), random);
        }
        else
        {
            Checkpoint checkpoint = Checkpoint.Open(plan.Folder);
            MemoryCheck.Require(checkpoint.Config, checkpoint, type);
            Backbone = Backbone.From(new WeightReader(checkpoint, type), plan.Model);
            IWeightSource Source(int streams) => streams < checkpoint.Config.Streams.Count ? new StreamCut(checkpoint, type, streams) : new WeightReader(checkpoint, type);
            (_load, _owner) = ((streams, anchored, cache) => StreamSet.From(Source(streams), plan.Model, plan.StreamsOf(streams, anchored), cache), checkpoint);
        }
    }

    /// <summary>The one copy of the weights.</summary>
    public Backbone Backbone { get; }

    /// <summary>Bytes of everything loaded so far.</summary>
    public long Bytes => WeightCost.Bytes(Backbone) + _sets.Values.Sum(set => set.Bytes);

    /// <summary>A set of P streams, loaded or made when it is first asked for.</summary>
    public StreamSet Set(int streams, bool anchored, KvDtype cache)
    {
        (int, bool, KvDtype) key = (streams, anchored && streams > 1, cache);
        if (!_sets.TryGetValue(key, out StreamSet? set)) _sets[key] = set = _load(streams, anchored, cache);
        return set;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (StreamSet set in _sets.Values) set.Free();
        Backbone.Dispose();
        _owner.Dispose();
    }
}
