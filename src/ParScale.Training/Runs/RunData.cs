using ParScale.Training.Data.Order;

namespace ParScale.Training.Runs;

/// <summary>The data of a run as its options cut it: what is trained on, what is held out, and a sample of the former.</summary>
internal sealed record RunData(IRowOrder Training, IHeldOut HeldOut, int[] Sample);
