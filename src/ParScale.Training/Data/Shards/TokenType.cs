using System.Text.Json.Serialization;

namespace ParScale.Training.Data.Shards;

/// <summary>How a token id is stored, little-endian.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TokenType>))]
internal enum TokenType
{
    /// <summary>Two bytes, for vocabularies of at most 65,536.</summary>
    [JsonStringEnumMemberName("u16")]
    U16,

    /// <summary>Four bytes.</summary>
    [JsonStringEnumMemberName("u32")]
    U32,
}
