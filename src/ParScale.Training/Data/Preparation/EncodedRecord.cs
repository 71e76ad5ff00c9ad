using ParScale.Training.Data.Sources;

namespace ParScale.Training.Data.Preparation;

/// <summary>A record after encoding: its tokens, or what is wrong with it.</summary>
internal readonly record struct EncodedRecord(SourceRecord Source, EncodedDocument? Document, ParScaleException? Fault);
