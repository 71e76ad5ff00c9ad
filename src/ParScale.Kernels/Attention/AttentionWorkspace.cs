using System.Numerics.Tensors;

namespace ParScale.Kernels.Attention;

/// <summary>The scratch memory of one thread for one item: rows of scores, weights and sums.</summary>
internal unsafe struct AttentionWorkspace
{
    /// <summary>Slots that are scored before their values are added: few enough for the first-level cache.</summary>
    public const int BlockSlots = 128;

    /// <summary>Rows in use.</summary>
    public int Rows;

    /// <summary>Bytes from one query to the next.</summary>
    public int QueryBytes;

    public byte* Queries;

    /// <summary>[rows, BlockSlots] scores, then weights.</summary>
    public float* Scores;

    /// <summary>[rows, BlockSlots] weights as 16-bit integers.</summary>
    public byte* Shorts;

    /// <summary>[rows, width]</summary>
    public float* Output;

    /// <summary>[rows] records of <see cref="AttentionTotal"/>.</summary>
    public float* Totals;

    /// <summary>[rows, 16] sums of weights, lane by lane.</summary>
    public float* Sum;

    /// <summary>[rows] what scores are multiplied with.</summary>
    public float* Factor;

    /// <summary>[rows] largest score so far.</summary>
    public float* Max;

    /// <summary>[rows] what older sums are multiplied with in this block.</summary>
    public float* Shrink;

    /// <summary>[rows] what one unit of the 16-bit weights stands for.</summary>
    public float* Unit;

    /// <summary>[rows] slots of this block up to the last one that the row sees; 0 when it sees none.</summary>
    public int* Visible;

    /// <summary>[rows] slots of this block before the first one that the row sees.</summary>
    public int* Hidden;

    /// <summary>[rows] the first token that the row sees.</summary>
    public int* From;

    /// <summary>[rows] the token behind the last one that the row sees.</summary>
    public int* To;

    /// <summary>The soft cap of the scores times log2(e); 0: none.</summary>
    public float ScoreCap;

    /// <summary>Lays the parts out in <paramref name="memory"/>, which is aligned to 64 bytes and of <see cref="Length"/> bytes.</summary>
    public AttentionWorkspace(byte* memory, in KvLayout layout)
    {
        int rows = MostRows(layout.HeadSize);
        QueryBytes = QueryLength(layout);
        byte* at = memory;
        Queries = Cut(ref at, rows * QueryBytes);
        Scores = (float*)Cut(ref at, rows * BlockSlots * sizeof(float));
        Shorts = Cut(ref at, rows * BlockSlots * sizeof(short));
        Output = (float*)Cut(ref at, rows * layout.Width * sizeof(float));
        Totals = (float*)Cut(ref at, rows * AttentionTotal.Length(layout.Width) * sizeof(float));
        Sum = (float*)Cut(ref at, rows * KvLayout.TileSlots * sizeof(float));
        Factor = (float*)Cut(ref at, rows * sizeof(float));
        Max = (float*)Cut(ref at, rows * sizeof(float));
        Shrink = (float*)Cut(ref at, rows * sizeof(float));
        Unit = (float*)Cut(ref at, rows * sizeof(float));
        Visible = (int*)Cut(ref at, rows * sizeof(int));
        Hidden = (int*)Cut(ref at, rows * sizeof(int));
        From = (int*)Cut(ref at, rows * sizeof(int));
        To = (int*)Cut(ref at, rows * sizeof(int));
    }

    /// <summary>Some of its rows alone, which share its memory.</summary>
    public readonly AttentionWorkspace Part(int row, int rows, int width)
    {
        AttentionWorkspace part = this;
        part.Rows = rows;
        part.Queries += row * QueryBytes;
        part.Scores += row * BlockSlots;
        part.Shorts += row * BlockSlots * sizeof(short);
        part.Output += row * width;
        part.Sum += row * KvLayout.TileSlots;
        part.Factor += row;
        part.Max += row;
        part.Shrink += row;
        part.Unit += row;
        part.Visible += row;
        part.Hidden += row;
        return part;
    }

    /// <summary>Most rows of an item: fewer when heads are large, so that the memory stays on the stack.</summary>
    public static int MostRows(int headSize) => Math.Clamp(AttentionItem.MostRows * 128 / headSize / 8 * 8, 8, AttentionItem.MostRows);

    /// <summary>Bytes for that many rows.</summary>
    public static int Length(in KvLayout layout) => MostRows(layout.HeadSize) * (QueryLength(layout)
        + (BlockSlots + layout.Width + AttentionTotal.Length(layout.Width) + KvLayout.TileSlots + 8) * sizeof(float) + BlockSlots * sizeof(short));

    /// <summary>Forgets all sums.</summary>
    public void Begin(int width)
    {
        new Span<float>(Output, Rows * width).Clear();
        new Span<float>(Sum, Rows * KvLayout.TileSlots).Clear();
        new Span<float>(Max, Rows).Fill(float.NegativeInfinity);
        new Span<float>(Shrink, Rows).Fill(1);
        new Span<float>(Unit, Rows).Clear();
    }

    // Whole rows of four numbers of 4 bytes, and no power of two between rows.
    private static int QueryLength(in KvLayout layout) => layout.Width * sizeof(float) + 64;

    private static byte* Cut(ref byte* at, int bytes)
    {
        byte* start = at;
        at += bytes;
        return start;
    }
}

/// <summary>The sums of one row: maximum m, sum z of 2^(score - m), and the values weighed by the same. [16 + width] singles.</summary>
internal static unsafe class AttentionTotal
{
    private const int Header = 16;

    /// <summary>Singles in a record.</summary>
    public static int Length(int width) => Header + width;

    /// <summary>Starts a record. values: [width].</summary>
    public static void Set(float* total, float max, float sum, float* values, int width)
    {
        (total[0], total[1]) = (max, sum);
        new ReadOnlySpan<float>(values, width).CopyTo(new Span<float>(total + Header, width));
    }

    /// <summary>Joins the sums of a later split. A split of which the row sees nothing changes nothing.</summary>
    public static void Add(float* total, float max, float sum, float* values, int width)
    {
        if (sum == 0) return;
        float now = MathF.Max(total[0], max), shrink = MathF.Pow(2, total[0] - now), grow = MathF.Pow(2, max - now);
        total[0] = now;
        total[1] = total[1] * shrink + sum * grow;
        var sums = new Span<float>(total + Header, width);
        TensorPrimitives.Multiply(sums, shrink, sums);
        TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(values, width), grow, sums, sums);
    }

    /// <summary>Joins a record of a later split.</summary>
    public static void Add(float* total, float* other, int width) => Add(total, other[0], other[1], other + Header, width);

    /// <summary>The weighed mean. y: [size].</summary>
    public static void Write(float* total, float* y, int size)
    {
        TensorPrimitives.Multiply(new ReadOnlySpan<float>(total + Header, size), 1 / total[1], new Span<float>(y, size));
    }
}
