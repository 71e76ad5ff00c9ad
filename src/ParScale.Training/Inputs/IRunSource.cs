using ParScale.Text;
using ParScale.Training.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Inputs;

/// <summary>What <c>--data</c> names.</summary>
internal interface IRunSource : IDisposable
{
    /// <summary>The hash that tells it from any other.</summary>
    string Sha256 { get; }

    /// <exception cref="ParScaleException">There is too little of it for these options.</exception>
    RunData Cut(TrainingOptions options, Tokenizer tokenizer);

    /// <summary>What is held out, in rows of <paramref name="context"/> tokens; <paramref name="fraction"/> is that of a text, shards have their own.</summary>
    /// <exception cref="ParScaleException">There is nothing to predict.</exception>
    IHeldOut HeldOut(Tokenizer tokenizer, int context, double fraction);
}

/// <summary>The data of a run as its options cut it: what is trained on, what is held out, and a sample of the former.</summary>
internal sealed record RunData(IRowOrder Training, IHeldOut HeldOut, int[] Sample);
