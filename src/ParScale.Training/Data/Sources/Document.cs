namespace ParScale.Training.Data.Sources;

/// <summary>
/// A document, or a piece of a long one: all its pieces but the last say that it goes on (<paramref name="Ends"/> is false). With
/// <paramref name="Closed"/> the end-of-text token follows its last segment.
/// </summary>
internal sealed record Document(IReadOnlyList<Segment> Segments, bool Ends = true, bool Closed = true);
