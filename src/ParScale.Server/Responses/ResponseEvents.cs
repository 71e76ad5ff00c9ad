using System.Text.Json.Serialization;
using ParScale.Server.OpenAi;

namespace ParScale.Server.Responses;

/// <summary>The response as it stands: when it is made, when it begins and when it ends.</summary>
internal sealed record ResponseEvent(string Type, int SequenceNumber, Response Response);

/// <summary>An item of the output begins or ends.</summary>
internal sealed record ItemEvent(string Type, int SequenceNumber, int OutputIndex, ResponseItem Item);

/// <summary>A part of an item begins or ends.</summary>
internal sealed record PartEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, ResponseText Part);

/// <summary>Text that came.</summary>
internal sealed record TextDeltaEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Delta)
{
    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb> LogProbs { get; init; } = [];

    public IReadOnlyList<float[]?>? StreamWeights { get; init; }
}

/// <summary>Of the thinking, what came.</summary>
internal sealed record ReasoningDeltaEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Delta);

/// <summary>The thinking is whole.</summary>
internal sealed record ReasoningDoneEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Text);

/// <summary>The text of a part is whole.</summary>
internal sealed record TextDoneEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Text)
{
    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb> LogProbs { get; init; } = [];
}

/// <summary>Arguments of a call that came.</summary>
internal sealed record ArgumentsDeltaEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, string Delta);

/// <summary>The arguments of a call are whole.</summary>
internal sealed record ArgumentsDoneEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, string Name, string Arguments);

/// <summary>What ends a stream early.</summary>
internal sealed record ResponseErrorEvent(string Type, int SequenceNumber, string Message)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Param { get; init; }
}
