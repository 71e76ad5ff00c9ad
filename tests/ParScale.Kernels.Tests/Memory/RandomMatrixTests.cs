using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Tests.Memory;

public class RandomMatrixTests
{
    public static TheoryData<WeightDtype, int, int> Shapes()
    {
        var cases = new TheoryData<WeightDtype, int, int>();
        foreach (WeightDtype type in Enum.GetValues<WeightDtype>())
            foreach ((int rows, int columns) in new[] { (1, 1), (5, 7), (16, 128), (40, 300), (33, 1003) })
                cases.Add(type, rows, columns);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_are_finite_not_denormal_and_repeat_with_the_seed(WeightDtype type, int rows, int columns)
    {
        using WeightMatrix matrix = WeightMatrix.Random(type, rows, columns, 0.02f, 7);
        using WeightMatrix same = WeightMatrix.Random(type, rows, columns, 0.02f, 7);
        Assert.Equal((type, rows, columns), (matrix.Type, matrix.Rows, matrix.Columns));
        foreach (float value in Values(matrix)) Assert.True(value == 0 || float.IsNormal(value), $"{value}");
        Assert.Equal(Values(matrix), Values(same));
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Mean_and_deviation_are_those_asked_for(WeightDtype type)
    {
        using WeightMatrix matrix = WeightMatrix.Random(type, 100, 1001, 0.02f, 1);
        float[] values = Values(matrix);
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(value => (double)value * value) - mean * mean);
        Assert.InRange(mean, -0.0003, 0.0003);
        Assert.InRange(deviation, 0.0195, 0.0205);
        Assert.NotEqual(values[..1001], values[1001..2002]);
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Values_are_whole_multiples_of_one_scale_within_the_codes_of_the_format(WeightDtype type)
    {
        const int rows = 20, columns = 131;
        using WeightMatrix random = WeightMatrix.Random(type, rows, columns, 0.02f, 3);
        float scale = Values(random).Select(MathF.Abs).Where(value => value > 0).Min();
        Assert.All(Values(random), value => Assert.Equal(MathF.Round(value / scale), value / scale, 1e-3f));
        Assert.InRange(Values(random).Max(MathF.Abs) / scale, 2, type == WeightDtype.Q8 ? 127.01f : 7.01f);
    }

    private static float[] Values(WeightMatrix matrix)
    {
        var values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++) matrix.CopyRow(row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        return values;
    }
}
