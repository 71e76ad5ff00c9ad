using ParScale.Configuration.Rotations;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class RotaryTableTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(32)]
    public void Pairs_half_a_head_apart_turn_by_the_position(int size)
    {
        using var scope = NewDisposeScope();
        const int Positions = 9;
        const double Theta = 500;
        using var table = new RotaryTable(new DefaultRotation { Theta = Theta, Size = size }, Positions, ScalarType.Float64);
        Tensor input = randn([1, Positions, 1, size], ScalarType.Float64);
        double[] x = input.data<double>().ToArray();
        double[] y = table.Apply(input).data<double>().ToArray();
        int half = size / 2;
        for (int position = 0; position < Positions; position++)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Pow(Theta, -2.0 * i / size);
                (double a, double b) = (x[position * size + i], x[position * size + i + half]);
                Assert.Equal(a * Math.Cos(angle) - b * Math.Sin(angle), y[position * size + i], 1e-12);
                Assert.Equal(b * Math.Cos(angle) + a * Math.Sin(angle), y[position * size + i + half], 1e-12);
            }
        }
    }
}
