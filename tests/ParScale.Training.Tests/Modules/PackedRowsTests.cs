using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class PackedRowsTests
{
    private static readonly int[][] Lengths = [[5, 1, 9, 3], [12, 6], [18]];
    private const int Width = 18;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_packed_document_has_the_logits_and_the_gradient_it_has_alone(int streams)
    {
        using var scope = NewDisposeScope();
        using ParScaleLm packed = Float64.Model(RandomCheckpoint.Config(streams), seed: 2);
        using ParScaleLm alone = Float64.Model(RandomCheckpoint.Config(streams), seed: 2);
        Sharpen(packed);
        Sharpen(alone);
        Tensor tokens = randint(0, 50, [Lengths.Length, Width], ScalarType.Int64);
        Tensor together = packed.forward(tokens, Offsets());
        together.square().sum().backward();

        for (int row = 0; row < Lengths.Length; row++)
        {
            long start = 0;
            foreach (int length in Lengths[row])
            {
                Tensor one = alone.forward(tokens[row].narrow(0, start, length).unsqueeze(0));
                Float64.AssertSame(one[0], together[row].narrow(0, start, length), $"row {row}, from {start}");
                one.square().sum().backward();
                start += length;
            }
        }
        foreach ((var left, var right) in packed.named_parameters().Zip(alone.named_parameters()))
            Float64.AssertSame(right.parameter.grad!, left.parameter.grad!, left.name);
    }

    [Fact]
    public void The_test_above_would_see_a_leak_and_wrong_positions()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using ParScaleLm model = Float64.Model(RandomCheckpoint.Config(2), seed: 2);
        Sharpen(model);
        Tensor tokens = randint(0, 50, [Lengths.Length, Width], ScalarType.Int64);
        Tensor packed = model.forward(tokens, Offsets());
        Tensor joined = model.forward(tokens);
        Assert.True((packed - joined)[0].narrow(0, 5, 13).abs().max().item<double>() > 1e-3);

        // One token a document sees the prefix and itself: only its position can make a difference.
        Tensor zero = model.forward(tokens, zeros_like(tokens));
        using var plain = model.forward(tokens.narrow(1, 17, 1));
        Float64.AssertSame(plain, zero.narrow(1, 17, 1));
    }

    [Fact]
    public void A_row_of_one_document_is_a_row_of_plain_text()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = new ParScaleLm(RandomCheckpoint.Config(4), seed: 2);
        Tensor tokens = randint(0, 50, [2, 9], ScalarType.Int64);
        Tensor offsets = arange(9, ScalarType.Int64).expand(2, 9);
        Assert.Equal(0, (model.forward(tokens) - model.forward(tokens, offsets)).abs().max().item<float>());
    }

    private static Tensor Offsets() =>
        tensor(Lengths.SelectMany(row => row.SelectMany(length => Enumerable.Range(0, length).Select(i => (long)i))).ToArray()).view(-1, Width);

    /// <summary>Weights of deviation 0.02 attend almost evenly and hide errors.</summary>
    private static void Sharpen(ParScaleLm model)
    {
        using var noGradient = no_grad();
        foreach ((string name, var parameter) in model.named_parameters())
            if (!name.Contains("norm", StringComparison.Ordinal)) parameter.mul_(15);
    }
}
