namespace ParScale.Training.Checkpointing;

/// <summary>Why a checkpoint cannot be used: an id of the errors guide, and the file and its fault in words.</summary>
internal sealed record CheckpointFault(string Code, string Reason);
