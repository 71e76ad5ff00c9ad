using System.Globalization;
using System.Text.Json.Nodes;
using ParScale.Configuration;
using ParScale.Training.Inputs;

namespace ParScale.Training.Configuration;

/// <summary>What <c>train --dry-run</c> tells of a run: its settings and its size. Data are not read.</summary>
internal sealed record RunPreview(string Settings, RunEstimate Size)
{
    /// <exception cref="ParScaleException">The settings make no run.</exception>
    public static RunPreview Of(RunConfig config)
    {
        (TrainingOptions options, CheckpointConfig model) = config.Describe(new KnownInputs());
        return new RunPreview(config.ToJson(options, indented: true), RunEstimate.Of(model, options));
    }

    /// <summary>Prints it on standard output, for people or as one JSON object.</summary>
    public void Write(bool json)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (json)
        {
            Console.WriteLine(new JsonObject
            {
                ["settings"] = JsonNode.Parse(Settings),
                ["n"] = Size.N,
                ["parameters"] = Size.Parameters,
                ["trained_parameters"] = Size.Trained,
                ["tokens"] = Size.Tokens,
                ["flops"] = Size.Flops,
                ["state_bytes"] = Size.StateBytes,
                ["available_bytes"] = available,
            }.ToJsonString());
            return;
        }
        Console.WriteLine(Settings);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"parameters {Size.Parameters} (trained {Size.Trained}; N of the scaling law {Size.N}), tokens {Size.Tokens}, FLOPs {Size.Flops:E2}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"memory for weights, gradients and moments {Mebibytes(Size.StateBytes):F1} MiB of {Mebibytes(available):F0}; activations not included"));
    }

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);
}
