using System.Text.Json;

namespace ParScale.Training.Data.Preparation;

/// <summary>
/// What <c>parscale-train data</c> reports. <paramref name="Hash"/> is the SHA-256 of the index, which stands for all files;
/// <paramref name="MegabytesPerSecond"/> is in millions of bytes of text, as UTF-8, a second.
/// </summary>
internal sealed record PreparationReport(
    string Folder, long Documents, long Tokens, long LearnedTokens, long ValidationDocuments, long ValidationTokens, int Shards, string Hash,
    long Skipped, string Packing, string TokenType, long TextBytes, double Seconds, double MegabytesPerSecond)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
