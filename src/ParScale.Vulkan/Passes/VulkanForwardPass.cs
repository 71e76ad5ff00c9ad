using System.Numerics;
using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>
/// Passes on a Vulkan device. Weights, streams, caches and activations lie there; a pass takes a table of its rows and gives back logits, or
/// the likeliest tokens, and stream weights. Passes of one shape are recorded once.
/// </summary>
internal sealed class VulkanForwardPass : IForwardPass
{
    // Decode steps have a few shapes; pieces of prompts have many, of which the last ones are kept.
    private const int MostRecorded = 32;

    private const int LeastReach = 1024;

    // Of a piece of a recording: a second on a device that does 70 G in a second. Watchdogs wait for two.
    private const long MostProducts = 1L << 36;

    /// <summary><see cref="LikeliestFrom"/> unless it is set: 2 MiB. Decision 33 has the reckoning.</summary>
    public const long UsualLikeliestFrom = 1L << 19;

    private readonly VulkanDevice _device;
    private readonly IDisposable? _owner;
    private readonly ModelConfig _config;
    private readonly KvDtype _kvDtype;
    private readonly WorkerPool _pool;
    private readonly Angles _angles;
    private readonly int[] _layerOf;
    private readonly DeviceWeights _weights;
    private readonly PassScratch _scratch;
    private readonly PassRecorder _recorder;
    private readonly Dictionary<StreamSet, DeviceStreams> _sets = [];

    // The one that ran last comes last.
    private readonly List<RecordedPass> _recorded = [];
    private readonly List<StreamGroup> _groups = [];
    private readonly int[] _likeliestTokens = new int[Likeliest.Most];
    private readonly float[] _likeliestLogits = new float[Likeliest.Most];
    private float[] _changed = [];

    // Wanted tokens whose logits are on the device, and those whose logits the host has. _chose: the last pass gave the likeliest tokens.
    private (int First, int Count) _held, _shown;
    private bool _chose;

    /// <summary>Copies weights and sets to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="owner">Disposed of at the end, after the device's memory was given back; null where others use the device too.</param>
    /// <param name="backbone">The weights.</param>
    /// <param name="sets">The sets that are resident from the start.</param>
    /// <param name="kvDtype">How keys and values are stored.</param>
    /// <param name="pool">What is left to the CPU: logits that some families cap.</param>
    /// <param name="mostProducts">Multiply-adds after which a recording is cut.</param>
    /// <exception cref="ParScaleException">VK-05: the shaders have no room for the model; VK-07: the device has no memory for it.</exception>
    public VulkanForwardPass(
        VulkanDevice device, IDisposable? owner, Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool,
        long mostProducts = MostProducts)
    {
        (_device, _owner, _config, _kvDtype, _pool) = (device, owner, backbone.Config, kvDtype, pool);
        Supported.Require(device.Description, _config);
        Rotation[] rotations = [.. _config.Rotations];
        int[] halves = [.. rotations.Select(rotation => rotation.Size / 2)];
        _layerOf = [.. rotations.Select(rotation => _config.Layers.ToList().FindIndex(layer => Equals(layer.Attention.Rotation, rotation)))];
        _angles = new Angles(_config, ForwardPass.MostRows);
        lock (device.Gate)
        {
            long largest = Math.Max(DeviceWeights.LargestBuffer(backbone), sets.Select(DeviceStreams.LargestBuffer).DefaultIfEmpty().Max());
            Need(DeviceWeights.BytesFor(backbone) + PassScratch.BytesFor(_config) + sets.Sum(DeviceStreams.BytesFor), largest, "weights and activations");
            using DeviceMemory.Takings taken = device.Memory.AllOrNothing();
            _weights = new DeviceWeights(device, backbone, kvDtype);
            _scratch = new PassScratch(device, _config, halves);
            _recorder = new PassRecorder(device, _config, _weights, _scratch, _sets, halves, mostProducts);
            foreach (StreamSet set in sets) _sets[set] = new DeviceStreams(device, _config, set, kvDtype);
            taken.Keep();
        }
    }

    /// <inheritdoc/>
    public long? MemoryLeft
    {
        get
        {
            lock (_device.Gate) return Math.Max(0, (_device.Description.MemoryBudget ?? _device.Description.Memory) - _device.Memory.Bytes);
        }
    }

    /// <inheritdoc/>
    public long MostCacheBytes => Math.Min(DeviceCache.MostBytes, _device.Memory.LargestBuffer);

    /// <summary>Passes that are kept, the one that ran last at the end.</summary>
    public IReadOnlyList<RecordedPass> Recorded => _recorded;

    /// <summary>Whether the likeliest tokens of this model can be chosen on the device.</summary>
    public bool CanChoose => _scratch.Likeliest is not null;

    /// <summary>Logits of a pass, all together, from which it chooses the likeliest tokens where these do; with 0 always.</summary>
    public long LikeliestFrom { get; set; } = UsualLikeliestFrom;

    /// <inheritdoc/>
    public void Add(StreamSet set)
    {
        lock (_device.Gate)
        {
            Need(DeviceStreams.BytesFor(set), DeviceStreams.LargestBuffer(set), "these streams");
            using DeviceMemory.Takings taken = _device.Memory.AllOrNothing();
            _sets[set] = new DeviceStreams(_device, _config, set, _kvDtype);
            taken.Keep();
        }
    }

    /// <inheritdoc/>
    public long CacheBytes(StreamSet set, KvDtype type, int tokens) => DeviceCache.BytesFor(_config, set.Cached.Count, type, tokens);

    /// <inheritdoc/>
    public KeyValues NewCache(StreamSet set, KvDtype type, int tokens) => new DeviceCache(_device, _config, set.Cached.Count, type, tokens);

    /// <inheritdoc/>
    public int Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences)
    {
        var size = PassSize.Of(tokens.Length, sequences);
        lock (_device.Gate)
        {
            _chose = Chooses(size.Wanted, sequences);
            RecordedPass pass = Of(new PassShape(size, tokens.Length == sequences.Length, _chose, Reach(sequences)), sequences);
            pass.Inputs.Write(_scratch.HostInputs, tokens, sequences, _sets, _angles, _layerOf);
            pass.Submit();
            int last = _chose ? (size.Wanted - 1) / ForwardPass.MostLogits * ForwardPass.MostLogits : 0;
            _held = (last, Math.Min(size.Wanted - last, ForwardPass.MostLogits));
            _shown = _chose ? default : _held;
        }
        foreach (PassSequence sequence in sequences)
        {
            sequence.Cache.Advance(tokens[..sequence.Count]);
            tokens = tokens[sequence.Count..];
        }
        return size.Wanted;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ForwardPass.MostLogits);
        if (!Covers(_shown, first, count))
        {
            lock (_device.Gate)
            {
                using Recording recording = _device.Record();
                if (!Covers(_held, first, count))
                {
                    _recorder.Logits(recording, first, count);
                    _held = (first, count);
                }
                _recorder.ShowLogits(recording, first - _held.First, count);
                recording.Submit();
                _shown = (first, count);
            }
        }
        ReadOnlySpan<float> logits = _scratch.HostLogits.Span<float>().Slice((first - _shown.First) * _config.VocabularySize, count * _config.VocabularySize);
        if (_config.LogitsDivisor == 1 && _config.LogitsSoftCap is null) return logits;
        if (_changed.Length < logits.Length) _changed = new float[logits.Length];
        Span<float> changed = _changed.AsSpan(0, logits.Length);
        TensorPrimitives.Divide(logits, (float)_config.LogitsDivisor, changed);
        if (_config.LogitsSoftCap is { } cap) SoftCap.Run(changed, (float)cap, _pool);
        return changed;
    }

    /// <inheritdoc/>
    public Likeliest LikeliestOf(int token)
    {
        if (!_chose) return default;
        int count = _scratch.Likeliest!.Read(_scratch.HostLists, token, _likeliestTokens, _likeliestLogits);
        bool divides = _config.LogitsDivisor != 1;
        Span<float> logits = _likeliestLogits.AsSpan(0, count);
        if (divides) TensorPrimitives.Divide(logits, (float)_config.LogitsDivisor, logits);
        return new Likeliest(_likeliestTokens.AsSpan(0, count), logits, count == _config.VocabularySize, !divides);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> StreamWeights(int row, int streams) => _scratch.HostStreamWeights.Span<float>().Slice(row, streams);

    /// <summary>Records all passes anew from here on: after the device was told to use other shaders.</summary>
    public void Forget()
    {
        lock (_device.Gate)
        {
            foreach (RecordedPass pass in _recorded) pass.Dispose();
            _recorded.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        lock (_device.Gate)
        {
            foreach (DeviceStreams set in _sets.Values) set.Dispose();
            _scratch.Dispose();
            _weights.Dispose();
        }
        _owner?.Dispose();
    }

    private bool Chooses(int wanted, ReadOnlySpan<PassSequence> sequences)
    {
        if (wanted == 0 || !CanChoose || (long)wanted * _config.VocabularySize < LikeliestFrom) return false;
        foreach (PassSequence sequence in sequences)
            if (sequence.Wanted > 0 && !sequence.LikeliestDo) return false;
        return true;
    }

    // Short texts share recordings: there attention is the lesser part.
    private static int Reach(ReadOnlySpan<PassSequence> sequences)
    {
        int most = LeastReach;
        foreach (PassSequence sequence in sequences) most = Math.Max(most, sequence.Cache.Position + sequence.Count);
        return (int)BitOperations.RoundUpToPowerOf2((uint)most);
    }

    private static bool Covers((int First, int Count) rows, int first, int count) => first >= rows.First && first + count <= rows.First + rows.Count;

    private RecordedPass Of(PassShape shape, ReadOnlySpan<PassSequence> sequences)
    {
        _groups.Clear();
        foreach (PassSequence sequence in sequences)
        {
            if (sequence.Wanted == 0) continue;
            var own = new StreamGroup(sequence.Set, sequence.Wanted, sequence.WantedRows);
            if (_groups.Count > 0 && _groups[^1].Takes(own)) _groups[^1] = _groups[^1].With(own);
            else _groups.Add(own);
        }
        int known = _recorded.Count - 1;
        while (known >= 0 && !_recorded[known].Is(shape, _groups)) known--;
        RecordedPass pass = known >= 0 ? _recorded[known] : _recorder.Record(shape, [.. _groups]);
        if (known >= 0) _recorded.RemoveAt(known);
        else if (_recorded.Count == MostRecorded)
        {
            _recorded[0].Dispose();
            _recorded.RemoveAt(0);
        }
        _recorded.Add(pass);
        return pass;
    }

    private void Need(long bytes, long largest, string what)
    {
        (long left, long allowed) = (MemoryLeft!.Value, _device.Memory.LargestBuffer);
        string? limit = bytes > left ? $"{what} take {Size(bytes, up: true)}, {Size(left, up: false)} are left of its memory"
            : largest > allowed ? $"the largest matrix takes {Size(largest, up: true)}, the driver allows {Size(allowed, up: false)} for each" : null;
        if (limit is null) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "VK-07",
            $"vulkan:{_device.Description.Index} ({_device.Description.Name}): {limit}; take a smaller type of weights (--dtype q8 or q4), or the CPU (--device cpu)");
    }

    // What is needed and what is there differ also where it is by a byte.
    private static string Size(long bytes, bool up)
    {
        (int shift, string unit) = bytes < 10 << 20 ? (10, "KiB") : (20, "MiB");
        return $"{(bytes + (up ? (1 << shift) - 1 : 0)) >> shift} {unit}";
    }
}
