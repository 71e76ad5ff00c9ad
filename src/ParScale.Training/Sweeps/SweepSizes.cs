using System.Text.Json;
using ParScale.Configuration;
using ParScale.Training.Configuration;
using ParScale.Training.Inputs;

namespace ParScale.Training.Sweeps;

/// <summary>What the runs of a plan cost. Reading it checks the options of every run before the first one is made.</summary>
internal static class SweepSizes
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The size of each run, by its name.</summary>
    /// <param name="plan">The runs.</param>
    /// <param name="known">Models that were read before; those that are read now are added.</param>
    /// <exception cref="ParScaleException">The options of a run make none; the message names file and run.</exception>
    public static Dictionary<string, RunEstimate> Of(SweepPlan plan, KnownInputs known)
    {
        return plan.Runs.ToDictionary(run => run.Name, run =>
        {
            try
            {
                (TrainingOptions options, CheckpointConfig model) = run.Config(plan.Folder).Describe(known);
                return RunEstimate.Of(model, options);
            }
            catch (ParScaleException e)
            {
                throw new ParScaleException(e.Kind, e.Code, $"{Path.GetFileName(plan.File.Path)}: run {run.Name}: {e.Message}", e);
            }
        });
    }

    /// <summary>One JSON object with a list of the runs.</summary>
    public static string ToJson(SweepPlan plan, Dictionary<string, RunEstimate> sizes) => JsonSerializer.Serialize(
        new { Runs = plan.Runs.Select(run => new { run.Name, Size = sizes[run.Name] }), Flops = sizes.Values.Sum(size => size.Flops) }, Format);
}
