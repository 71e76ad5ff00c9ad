namespace ParScale.Training.Data.Preparation;

/// <summary>A row after encoding: its tokens, or what is wrong with it. <paramref name="Bytes"/> of its file are done with it.</summary>
internal readonly record struct EncodedRecord(long Bytes, EncodedDocument? Document, ParScaleException? Fault);
