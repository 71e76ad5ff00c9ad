using System.Collections.Concurrent;
using ParScale.Model;

namespace ParScale.Engine;

/// <summary>
/// What an engine does, for whoever watches it: written by the thread that runs passes, read by any. Figures that are read at one moment
/// need not be of the same pass.
/// </summary>
internal sealed class EngineStatistics
{
    private readonly ConcurrentDictionary<StreamSet, StreamMeans> _streams = new();
    private long _passes, _rows;
    private int _running, _waiting;

    /// <summary>Passes so far.</summary>
    public long Passes => Volatile.Read(ref _passes);

    /// <summary>Rows of all passes: the tokens of a sequence times its P.</summary>
    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Sequences that have their room in the memory of keys and values.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Sequences that wait for it.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>The weights of the streams of a set; null before its first token.</summary>
    public StreamMeans? Of(StreamSet set) => _streams.GetValueOrDefault(set);

    /// <summary>A pass was run.</summary>
    public void SawPass(int rows)
    {
        Volatile.Write(ref _rows, _rows + rows);
        Volatile.Write(ref _passes, _passes + 1);
    }

    /// <summary>So many sequences run and wait.</summary>
    public void SawQueue(int running, int waiting)
    {
        Volatile.Write(ref _running, running);
        Volatile.Write(ref _waiting, waiting);
    }

    /// <summary>A token was predicted with these weights [P] of its streams.</summary>
    public void SawWeights(StreamSet set, ReadOnlySpan<float> weights)
    {
        if (!_streams.TryGetValue(set, out StreamMeans? means)) _streams[set] = means = new StreamMeans(set.Count);
        means.Add(weights);
    }
}

/// <summary>Means over the latest tokens of a stream set, about a thousand of them: older ones fade.</summary>
internal sealed class StreamMeans(int streams)
{
    private const int Tokens = 1024;

    private readonly double[] _weights = new double[streams];
    private double _entropy;
    private long _count;

    /// <summary>Tokens so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The mean weight of a stream; the weights of all have a sum of 1.</summary>
    public double Weight(int stream) => Volatile.Read(ref _weights[stream]);

    /// <summary>The mean entropy of the weights in nats: 0 when one stream speaks alone, ln P when all have the same weight.</summary>
    public double Entropy => Volatile.Read(ref _entropy);

    /// <summary>Takes the weights [P] of a token.</summary>
    public void Add(ReadOnlySpan<float> weights)
    {
        double share = 1.0 / Math.Min(_count + 1, Tokens), entropy = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double weight = weights[i];
            if (weight > 0) entropy -= weight * Math.Log(weight);
            Volatile.Write(ref _weights[i], _weights[i] + share * (weight - _weights[i]));
        }
        Volatile.Write(ref _entropy, _entropy + share * (entropy - _entropy));
        Volatile.Write(ref _count, _count + 1);
    }
}
