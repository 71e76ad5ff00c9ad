using ParScale.Training.Data.Order;

namespace ParScale.Training.Evaluation;

/// <summary>What a run never trains on and measures its loss by.</summary>
internal interface IHeldOut
{
    /// <summary>Tokens that are predicted.</summary>
    long Tokens { get; }

    /// <summary>Code points that those tokens stand for.</summary>
    long Characters { get; }

    /// <summary>All of it, at most <paramref name="rows"/> rows at a time; every token is predicted once.</summary>
    IEnumerable<Batch> Passes(int rows);
}
