using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.MatMul;

/// <summary>
/// The code for Arm's matrix products on every processor: its words, and what they compute. On a processor that has them the tests of the tiers
/// run it too.
/// </summary>
public sealed class MatrixKernelTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);
    private readonly QuantizedActivations _scratch = new(Interpreted());

    // What GNU's assembler (binutils 2.40) makes of each line.
    private static readonly (string Text, uint Word, Action<Arm64Assembler> Write)[] Words =
    [
        ("ldr x9, [x0, #40]", 0xF9401409, code => code.Ldr(9, 0, 40)),
        ("ldr d5, [x8, #56]", 0xFD401D05, code => code.LdrD(5, 8, 56)),
        ("ldr q31, [x10, #4080]", 0x3DC3FD5F, code => code.LdrQ(31, 10, 4080)),
        ("ldr q4, [sp, #16]", 0x3DC007E4, code => code.LdrQ(4, 31, 16)),
        ("str q17, [sp, #1008]", 0x3D80FFF1, code => code.StrQ(17, 31, 1008)),
        ("mov x13, #65535", 0xD29FFFED, code => code.MovZ(13, 65535)),
        ("mov x5, x17", 0xAA1103E5, code => code.Mov(5, 17)),
        ("add x1, x2, x14", 0x8B0E0041, code => code.Add(1, 2, 14)),
        ("add x6, x7, #4095", 0x913FFCE6, code => code.AddNumber(6, 7, 4095)),
        ("add x5, x5, #4096", 0x914004A5, code => code.AddNumber(5, 5, 4096)),
        ("sub sp, sp, #1024", 0xD11003FF, code => code.SubNumber(31, 31, 1024)),
        ("subs x9, x10, #1", 0xF1000549, code => code.SubsNumber(9, 10, 1)),
        ("ret", 0xD65F03C0, code => code.Ret()),
        ("movi v7.16b, #15", 0x4F00E5E7, code => code.Movi16B(7, 15)),
        ("movi v30.16b, #181", 0x4F05E6BE, code => code.Movi16B(30, 181)),
        ("and v4.16b, v5.16b, v19.16b", 0x4E331CA4, code => code.And16B(4, 5, 19)),
        ("ushr v21.16b, v10.16b, #4", 0x6F0C0555, code => code.UShr16BBy4(21, 10)),
        ("zip1 v6.4s, v4.4s, v21.4s", 0x4E953886, code => code.Zip1(6, 4, 21)),
        ("zip2 v22.4s, v11.4s, v5.4s", 0x4E857976, code => code.Zip2(22, 11, 5)),
        ("uzp1 v5.4s, v30.4s, v31.4s", 0x4E9F1BC5, code => code.Uzp1(5, 30, 31)),
        ("uzp2 v29.4s, v2.4s, v20.4s", 0x4E94585D, code => code.Uzp2(29, 2, 20)),
        ("shll v4.4s, v27.4h, #16", 0x2E613B64, code => code.Shll16(4, 27)),
        ("scvtf v18.4s, v9.4s", 0x4E21D932, code => code.Scvtf(18, 9)),
        ("fmul v6.4s, v4.4s, v3.s[0]", 0x4F839086, code => code.FmulByLane(6, 4, 3, 0)),
        ("fmul v25.4s, v10.4s, v31.s[1]", 0x4FBF9159, code => code.FmulByLane(25, 10, 31, 1)),
        ("fmul v6.4s, v4.4s, v16.s[2]", 0x4F909886, code => code.FmulByLane(6, 4, 16, 2)),
        ("fmul v6.4s, v4.4s, v13.s[3]", 0x4FAD9886, code => code.FmulByLane(6, 4, 13, 3)),
        ("fmla v16.4s, v5.4s, v22.4s", 0x4E36CCB0, code => code.Fmla(16, 5, 22)),
        ("usmmla v31.4s, v6.16b, v18.16b", 0x4E92ACDF, code => code.Usmmla(31, 6, 18)),
        ("b.ne .", 0x54000001, code => code.BNe(code.Here)),
        ("b.ne .-4", 0x54FFFFE1, code => { int before = code.Here; code.Ret(); code.BNe(before); }),
    ];

    public static TheoryData<string> Texts => [.. Words.Select(word => word.Text)];

    public void Dispose()
    {
        _pool.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Instructions_are_the_words_that_an_assembler_writes(string text)
    {
        (_, uint word, Action<Arm64Assembler> write) = Words.Single(candidate => candidate.Text == text);
        var code = new Arm64Assembler();
        write(code);
        Assert.Equal($"{word:X8}", $"{BitConverter.ToUInt32(code.Assemble().AsSpan()[^4..]):X8}");
    }

    [Fact]
    public void Operands_that_do_not_fit_are_refused()
    {
        var code = new Arm64Assembler();
        Assert.Throws<ArgumentOutOfRangeException>(() => code.LdrQ(0, 1, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.LdrQ(0, 1, -16));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Ldr(0, 1, 8 * 4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.AddNumber(0, 1, 4097));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.SubNumber(0, 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.MovZ(0, 65536));
        Assert.Empty(code.Assemble());
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Every_shape_gives_the_bits_of_the_reference(WeightDtype type)
    {
        foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 18, 19 })
            Check(type, Numbers.Random(47 * 200, rows), Numbers.Random(rows * 200, rows + 1), 47, 200, rows);
        foreach (int length in new[] { 1, 8, 63, 65, 129, 300 })
            Check(type, Numbers.Random(20 * length, length), Numbers.Random(5 * length, length + 1), 20, length, 5);
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Codes_at_their_limits_and_values_that_are_not_finite_come_out_right(WeightDtype type)
    {
        foreach ((float w, float x) in new[] { (1f, 1f), (-1f, 1f), (1f, -1f), (-1f, -1f) })
        {
            float[] weights = new float[33 * 256], values = new float[7 * 256];
            Array.Fill(weights, w);
            Array.Fill(values, x);
            values[300] = float.NaN;
            Check(type, weights, values, 33, 256, 7);
        }
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Rows_change_partners_when_they_are_taken(WeightDtype type)
    {
        using var all = new QuantizedActivations(Interpreted());
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(33 * 300, 1), type, 33, 300);
        float[] x = Numbers.Random(13 * 300, 2);
        all.Fill(x, 13, type, _pool);
        foreach (int[] rows in (int[][])[[12], [5], [1, 12, 4], [12, 11, 10, 0, 1, 2, 3, 9, 8]])
        {
            float[] chosen = [.. rows.SelectMany(row => x[(row * 300)..((row + 1) * 300)])];
            float[] expected = new float[rows.Length * 33], actual = new float[rows.Length * 33], again = new float[rows.Length * 33];
            Linear.QuantizedReference(weights, chosen, rows.Length, [], expected);
            _scratch.Take(all, rows, _pool);
            Linear.RunAll([new(weights, [], actual), new(weights, [], again)], _scratch, _pool);
            Assert.Equal(expected, actual);
            Assert.Equal(expected, again);
        }
    }

    private void Check(WeightDtype type, float[] weights, float[] x, int outputs, int length, int rows)
    {
        using WeightMatrix matrix = WeightMatrix.FromValues(weights, type, outputs, length);
        float[] expected = new float[rows * outputs], actual = new float[rows * outputs];
        Linear.QuantizedReference(matrix, x, rows, [], expected);
        Linear.Run(matrix, x, rows, [], actual, _pool, _scratch);
        Assert.Equal(expected, actual);
    }

    private static ArmMatrixKernel Interpreted() =>
        new(KernelTier.Available.Single(kernel => kernel.Name == "portable"), (code, argument) => new Arm64Machine().Run(code, argument));
}
