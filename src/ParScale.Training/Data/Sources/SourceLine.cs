namespace ParScale.Training.Data.Sources;

/// <summary>
/// A line without its line end, counted from 1. <paramref name="Length"/> bytes of the file are done with it; <paramref name="Bytes"/> is
/// null when it is over the limit.
/// </summary>
internal readonly record struct SourceLine(long Number, long Length, byte[]? Bytes);
