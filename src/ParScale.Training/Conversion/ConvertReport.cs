using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParScale.Training.Conversion;

/// <summary>
/// What a conversion did. Losses are in nats per token, of the folders as saved; null without a text. The prefix share is the largest
/// mean share of attention that the new prefix of any head is left with on the calibration text.
/// </summary>
internal sealed record ConvertReport(
    string Folder, int Streams, int PrefixTokens, StreamInit? Init, long ParametersAdded, double? PrefixShare, double? LossBefore, double? LossAfter)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>By how much the conversion raised the loss, in per cent of what it was.</summary>
    public double? JumpPercent => (LossAfter - LossBefore) / LossBefore * 100;

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
