namespace ParScale.Training.Data.Sources;

/// <summary>A part of a text file, which begins on line <paramref name="Line"/>, counted from 1.</summary>
internal readonly record struct TextBlock(byte[] Bytes, long Line, bool Last);
