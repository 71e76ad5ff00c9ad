using System.Text.Json;

namespace ParScale.Training.Data.Rows;

/// <summary>
/// Keys beside text, prompt, completion and messages with which other tools change what is learned, and which are not read here: a row
/// in which one of them says something is refused. Every other key is without meaning for us.
/// </summary>
internal static class MeaningfulKeys
{
    private const string Weight = "weight";

    /// <summary>In the row of a chat: what its template would render as well, and a weight of its loss (1 is none).</summary>
    public static readonly string[] OfChat =
        ["tools", "functions", "documents", "images", "videos", "audios", "chat_template", "chat_template_kwargs", "history", "loss_mask", "loss_scale", Weight];

    /// <summary>In a message: what its template would render, and masks of parts of it.</summary>
    public static readonly string[] OfMessage =
        ["tool_calls", "function_call", "reasoning_content", "reasoning", "thinking", "refusal", "audio", "images", "videos", "audios", "train_detail", "loss_scale", "loss_mask", "mask", "masked"];

    /// <summary>All that are looked at in some row.</summary>
    public static readonly string[] OfRow = [.. OfChat, ChatRow.System, "input"];

    /// <summary>In a row of prompt and completion: further parts of the question, as Alpaca's and LLaMA-Factory's rows have them.</summary>
    public static string[] OfPair(FieldNames fields) => fields.Prompt == "instruction" ? [ChatRow.System, "history", "input", Weight] : [ChatRow.System, "history", Weight];

    /// <exception cref="ParScaleException">One of the keys says something.</exception>
    public static void Refuse(JsonElement from, string[] keys, FieldNames fields, RowLocation place)
    {
        foreach (string key in keys)
        {
            if (fields.Contains(key) || Json.Find(from, key) is not { } value || Json.IsEmpty(value)) continue;
            if (key == Weight && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double weight) && weight == 1) continue;
            throw place.Error("TD-18", $"{ParScaleException.Quote(key)} changes what is learned, and is not read here: render the row into "
                + $"{ParScaleException.Quote(fields.Prompt)} and {ParScaleException.Quote(fields.Completion)}, or take the key out if it means nothing");
        }
    }
}
