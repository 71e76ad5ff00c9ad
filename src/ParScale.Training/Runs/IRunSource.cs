using ParScale.Text;

namespace ParScale.Training.Runs;

/// <summary>What <c>--data</c> names.</summary>
internal interface IRunSource : IDisposable
{
    /// <summary>The hash that tells it from any other.</summary>
    string Sha256 { get; }

    /// <exception cref="ParScaleException">There is too little of it for these options.</exception>
    RunData Cut(TrainingOptions options, Tokenizer tokenizer);
}
