using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Support;

/// <summary>The training model computed in float64: exact formulas, and by how much float32 may differ from them.</summary>
internal static class Float64
{
    /// <summary>A model with the weights that <see cref="ParScaleLm"/> draws, widened.</summary>
    public static ParScaleLm Model(CheckpointConfig config, long seed = 0, int prefixMlp = 0)
    {
        var model = new ParScaleLm(config, seed, ScalarType.Float64, prefixMlp: prefixMlp);
        model.to(ScalarType.Float64);
        return model;
    }

    /// <summary>The model of a folder with all its weights widened.</summary>
    public static ParScaleLm Load(string folder)
    {
        using ParScaleLm model = ModelFolder.Load(folder);
        return Widen(model);
    }

    /// <summary>The same weights in float64; with a <paramref name="seed"/> off by the rounding of float32 sums.</summary>
    public static ParScaleLm Widen(ParScaleLm model, int? seed = null)
    {
        ParScaleLm wide = Model(model.Config);
        using var noGradient = no_grad();
        Random? random = seed is int value ? new Random(value) : null;
        foreach ((var target, var source) in wide.parameters().Zip(model.parameters()))
        {
            using var scope = NewDisposeScope();
            double[] weights = source.to(ScalarType.Float64).data<double>().ToArray();
            target.copy_(tensor(random is null ? weights : Rounding.Change(weights, source.shape[^1], random)).view(source.shape));
            target.requires_grad = source.requires_grad;
        }
        return wide;
    }

    /// <summary>Logits [S, V] after each of the tokens, row after row, and by how much those of float32 may differ from them.</summary>
    public static (double[] Logits, double Allowed) Logits(string folder, int[] tokens)
    {
        using ParScaleLm model = ModelFolder.Load(folder), exact = Widen(model);
        double[] logits = Run(exact, tokens);
        double allowed = Rounding.Allowed(logits, seed =>
        {
            using ParScaleLm changed = Widen(model, seed);
            return Run(changed, tokens);
        });
        return (logits, allowed);
    }

    /// <summary>The same numbers in the type of the model.</summary>
    public static double[] Run(ParScaleLm model, int[] tokens)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return Numbers(model.forward(tensor(Array.ConvertAll(tokens, token => (long)token)).unsqueeze(0)));
    }

    /// <summary>The numbers of a tensor of any type, in order.</summary>
    public static double[] Numbers(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).flatten().data<double>().ToArray();
    }

    /// <summary>Fails unless two float64 tensors agree but for float64's own rounding.</summary>
    public static void AssertSame(Tensor expected, Tensor actual, string what = "")
    {
        Assert.Equal((ScalarType.Float64, ScalarType.Float64), (expected.dtype, actual.dtype));
        using var scope = NewDisposeScope();
        double scale = expected.abs().max().item<double>(), error = (expected - actual).abs().max().item<double>();
        Assert.True(error <= 1e-12 * (1 + scale), $"{what} is off by {error:E2} of {scale:E2}");
    }
}
