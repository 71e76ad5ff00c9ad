namespace ParScale.Training.Checkpointing;

/// <summary>One file of a checkpoint: its name, its length, and its SHA-256 in lower-case hexadecimal.</summary>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);
