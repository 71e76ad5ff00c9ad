namespace ParScale.Training.Data.Sources;

/// <summary>
/// A part of a document. Its tokens are <paramref name="Learned"/> or only read. A <paramref name="Control"/> segment is the string of
/// one special token; any other is text in which such strings stand for nothing but themselves.
/// </summary>
internal readonly record struct Segment(string Text, bool Learned, bool Control = false);
