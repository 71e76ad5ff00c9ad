namespace ParScale.Training.Data.Preparation;

/// <summary>
/// The tokens of a document or of a piece of one. <paramref name="Learned"/> has one value a token, or is empty: all are.
/// <paramref name="TextBytes"/> is the length of the text in UTF-8.
/// </summary>
internal sealed record EncodedDocument(int[] Ids, bool[] Learned, bool Ends, long TextBytes);
