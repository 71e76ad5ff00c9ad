using ParScale.Generation;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Finds the likeliest tokens of rows of logits on the device, after what samplers change: of each row a step returns a few numbers. What they
/// change lies in a buffer that the host writes before each run; the commands stay the same.
/// </summary>
internal sealed class TokenChoice : IDisposable
{
    /// <summary>Most tokens of a list.</summary>
    public const int MostCandidates = 256;

    // As in choose.comp and merge.comp.
    private const int Slice = 2048, MostSlices = 2048, HeaderWords = 4, ChangeWords = 4;

    private readonly VulkanDevice _device;
    private readonly int _vocabulary, _rows, _count, _slices;
    private readonly DeviceBuffer _lists, _result, _readBack, _changes;

    /// <summary>Room for a number of rows, tokens of a list, and words of changes and masks of all rows together.</summary>
    /// <exception cref="ParScaleException">VK-02: there is no memory for it.</exception>
    public TokenChoice(VulkanDevice device, int vocabulary, int rows, int count, int changeWords)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Math.Min(vocabulary, MostCandidates));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabulary, Slice * MostSlices);
        (_device, _vocabulary, _rows, _count, _slices) = (device, vocabulary, rows, count, (vocabulary + Slice - 1) / Slice);
        _lists = device.Memory.Allocate((long)rows * _slices * ListWords * sizeof(uint));
        _result = device.Memory.Allocate((long)rows * ListWords * sizeof(uint));
        _readBack = device.Memory.Allocate((long)rows * ListWords * sizeof(uint), Place.FromDevice);
        _changes = device.Memory.Allocate(((long)rows * HeaderWords + changeWords) * sizeof(uint), Place.ToDevice);
        _changes.Span<uint>().Clear();
    }

    private int ListWords => 1 + 2 * _count;

    /// <summary>Words that a row's changes and mask take.</summary>
    public static int WordsOf(int changes, TokenMask? mask) => ChangeWords * changes + (mask is null ? 0 : mask.Words.Length);

    /// <summary>
    /// Divides and caps logits [rows, vocabulary] where they lie, with a cap of 0 not, and lists the likeliest tokens of each row. cap: c of c tanh(x / c).
    /// </summary>
    public void Run(Recording recording, DeviceRows logits, int rows, float divisor = 1, float cap = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, _rows);
        recording.Run(
            _device.Kernel("choose", divisor != 1 || cap != 0 ? 1 : 0),
            new Arguments().Update(logits.Buffer).Read(_changes).Write(_lists)
                .Number(_vocabulary).Number(logits.Stride).Number(_count).Number(divisor).Number(cap),
            _slices, rows);
        recording.Run(_device.Kernel("merge"), new Arguments().Read(_lists).Write(_result).Number(_slices).Number(_count), rows);
        recording.Copy(_result, _readBack, (long)rows * ListWords * sizeof(uint));
    }

    /// <summary>Says what is changed in each row before the next run; null masks allow all tokens.</summary>
    /// <exception cref="ArgumentException">There is no room for so many changes.</exception>
    public void Change(ReadOnlySpan<(IReadOnlyCollection<ScoreChange> Changes, TokenMask? Mask)> rows)
    {
        Span<uint> words = _changes.Span<uint>();
        int at = _rows * HeaderWords;
        for (int row = 0; row < rows.Length; row++)
        {
            (IReadOnlyCollection<ScoreChange> changes, TokenMask? mask) = rows[row];
            if (at + WordsOf(changes.Count, mask) > words.Length) throw new ArgumentException("there is no room for so many changes", nameof(rows));
            Span<uint> header = words.Slice(row * HeaderWords, HeaderWords);
            header[0] = (uint)at;
            foreach (ScoreChange change in changes)
            {
                words[at] = (uint)change.Token;
                words[at + 1] = BitConverter.SingleToUInt32Bits(change.Repetition);
                words[at + 2] = BitConverter.SingleToUInt32Bits(change.Penalty);
                words[at + 3] = BitConverter.SingleToUInt32Bits(change.Bias);
                at += ChangeWords;
            }
            header[1] = (uint)at;
            header[2] = mask is null ? 0 : (uint)at;
            if (mask is null) continue;
            mask.Words.CopyTo(words[at..]);
            at += mask.Words.Length;
        }
    }

    /// <summary>The list of a row after a run, by falling score, of equal ones by token. False where a logit of the row is not finite.</summary>
    public bool TryRead(int row, Span<ScoredToken> likeliest)
    {
        ReadOnlySpan<uint> words = _readBack.Span<uint>().Slice(row * ListWords, ListWords);
        for (int i = 0; i < Math.Min(_count, likeliest.Length); i++)
            likeliest[i] = new ScoredToken(BitConverter.UInt32BitsToSingle(words[1 + 2 * i]), unchecked((int)words[2 + 2 * i]));
        return words[0] == 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_lists, _result, _readBack, _changes]) _device.Memory.Free(buffer);
    }
}
