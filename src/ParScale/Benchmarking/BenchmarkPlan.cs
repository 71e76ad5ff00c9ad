using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Benchmarking;

/// <summary>What to measure. There is one row for every combination of type, cache, streams and context.</summary>
internal sealed record BenchmarkPlan
{
    /// <summary>The folder of a checkpoint, or null for random weights of <see cref="Shape"/>.</summary>
    public required string? Folder { get; init; }

    /// <summary>Name of the shape or folder, as it is printed.</summary>
    public required string Name { get; init; }

    /// <summary>The shape.</summary>
    public required ModelConfig Shape { get; init; }

    /// <summary>Prefix slots of random models with several streams.</summary>
    public required int PrefixTokens { get; init; }

    /// <summary>Whether random models with several streams have an anchor and helpers.</summary>
    public bool Anchored { get; init; }

    /// <summary>Storage of the weights; null is as the checkpoint has them.</summary>
    public required IReadOnlyList<WeightDtype?> Types { get; init; }

    /// <summary>Storage of keys and values; null is what the product takes for the weights.</summary>
    public required IReadOnlyList<KvDtype?> Caches { get; init; }

    /// <summary>What runs in a pass: one sequence of P streams, or several.</summary>
    public required IReadOnlyList<StreamBatch> Batches { get; init; }

    /// <summary>Tokens in the cache before the decode step that is measured.</summary>
    public required IReadOnlyList<int> Contexts { get; init; }

    /// <summary>Tokens of the prompt whose processing is measured; 0 leaves it out.</summary>
    public required int Prompt { get; init; }

    /// <summary>Rounds; every row is measured once in each.</summary>
    public required int Repetitions { get; init; }

    /// <summary>Decode steps of one row in one round.</summary>
    public required int Steps { get; init; }

    /// <summary>Threads to compute with.</summary>
    public required int Threads { get; init; }

    /// <summary>The streams of the checkpoint; null for random weights, which run with any P.</summary>
    public StreamConfig? Stored { get; init; }

    /// <summary>The tokens of a prompt that is measured, spread over the vocabulary.</summary>
    public int[] PromptTokens => [.. Enumerable.Range(0, Prompt).Select(i => (int)(i * 7919L % Shape.VocabularySize))];

    /// <summary>The shape that is run, with a context that holds the longest row.</summary>
    public ModelConfig Model => Folder is null ? Shape with { MaxPositions = Math.Max(Shape.MaxPositions, Math.Max(Prompt, Contexts.Max() + 1)) } : Shape;

    /// <summary>The numbers of P streams; <paramref name="anchored"/>: of an anchor and its helpers, also where those of the plan are not.</summary>
    public StreamConfig StreamsOf(int count, bool anchored) => count == 1 ? StreamConfig.Plain
        : Stored is null ? new StreamConfig(count, PrefixTokens, StreamConfig.DefaultSmoothing) { Anchored = Anchored || anchored } : Stored with { Count = count };

    /// <summary>The model with P streams.</summary>
    public CheckpointConfig ConfigFor(int streams) => CheckpointConfig.Create(Model, StreamsOf(streams, anchored: false));
}
