using System.Text.Json.Serialization;

namespace ParScale.Training.Data.Shards;

/// <summary>How rows of a batch are filled with documents.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Packing>))]
internal enum Packing
{
    /// <summary>The documents one after the other are cut into full rows; what a cut parts from its beginning counts as a document.</summary>
    [JsonStringEnumMemberName("cut")]
    Cut,

    /// <summary>A row holds whole documents and padding; documents longer than a row are left out.</summary>
    [JsonStringEnumMemberName("whole")]
    Whole,
}
