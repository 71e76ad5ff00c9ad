using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Cost;

/// <summary>One model of <c>parscale cost</c>: bytes, milliseconds.</summary>
internal sealed record CostRow
{
    public required string Model { get; init; }

    /// <summary><c>dense</c>, <c>parscale</c>, <c>anchored</c> or <c>moe</c>.</summary>
    public required string Kind { get; init; }

    public required int Streams { get; init; }

    public required string Dtype { get; init; }

    /// <summary>All parameters, embedding and idle experts included.</summary>
    public required double Parameters { get; init; }

    /// <summary>Parameters that a token uses, without the embedding: N of the law.</summary>
    public required double ActiveParameters { get; init; }

    /// <summary>Parameters that a decode step of the whole batch reads, embedding aside, the head included; experts that several rows use once.</summary>
    public required double ReadParameters { get; init; }

    /// <summary>Share of the experts that it reads, when each stream of each sequence chooses on its own; 1 for a dense model.</summary>
    public required double ExpertsRead { get; init; }

    public required double MemoryBytes { get; init; }

    public required double WeightBytes { get; init; }

    /// <summary>Prefix slots of all streams, which all sequences share, in the format of keys and values.</summary>
    public required double PrefixBytes { get; init; }

    public required double AggregatorBytes { get; init; }

    /// <summary>Keys and values at full length.</summary>
    public required double KvBytes { get; init; }

    public required double ActivationBytes { get; init; }

    public required double RuntimeBytes { get; init; }

    /// <summary>Until all prompts are read.</summary>
    public required double PrefillMs { get; init; }

    /// <summary>One step of the whole batch, halfway through the output.</summary>
    public required double DecodeMs { get; init; }

    /// <summary>Prompts and output.</summary>
    public required double TotalMs { get; init; }

    /// <summary>Share of a step in which reading memory is what is waited for.</summary>
    public required double ReadShare { get; init; }

    /// <summary>Whether the device has that much memory.</summary>
    public required bool Fits { get; init; }

    public static CostRow Of(CostQuery query)
    {
        MemoryCost memory = CostModel.Memory(query);
        LatencyCost latency = CostModel.Latency(query);
        double rows = (double)query.Work.Batch * query.Streams;
        return new CostRow
        {
            Model = query.Shape.Name,
            Kind = query.Shape.IdleParameters > 0 ? "moe" : query.Streams == 1 ? "dense" : query.Shape.Anchored ? "anchored" : "parscale",
            Streams = query.Streams,
            Dtype = Figures.Format(query.Weights),
            Parameters = query.Shape.TotalParameters(query.Streams),
            ActiveParameters = query.Shape.NonEmbeddingParameters(query.Streams),
            ReadParameters = query.Shape.ReadParameters(query.Streams, rows),
            ExpertsRead = query.Shape.ExpertsUsed(rows),
            MemoryBytes = memory.Total,
            WeightBytes = memory.Weights,
            PrefixBytes = memory.Prefixes,
            AggregatorBytes = memory.Aggregator,
            KvBytes = memory.Cache,
            ActivationBytes = memory.Activations,
            RuntimeBytes = memory.Runtime,
            PrefillMs = latency.Prefill * 1e3,
            DecodeMs = latency.Decode * 1e3,
            TotalMs = latency.Total * 1e3,
            ReadShare = latency.ReadShare,
            Fits = memory.Total <= query.Device.MemoryBytes,
        };
    }
}
