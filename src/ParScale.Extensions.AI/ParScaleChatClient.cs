using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using ParScale.Generation;
using ParScale.Text.Chat.Tools;

namespace ParScale.Extensions.AI;

/// <summary>
/// A language model of this process as a chat client. It may be called from many threads at once: the model's engine runs all calls
/// together, and each gets what it would get alone. It keeps no conversation: every call gives all messages, and what is known of a
/// conversation from the call before is not computed again.
/// </summary>
/// <remarks>
/// <para>
/// Read from <see cref="ChatOptions"/>: instructions, temperature, top-p, top-k, frequency and presence penalties, seed, stop sequences,
/// most output tokens, JSON as the response format (of a schema or any, enforced while the text is generated), tools with their mode, and
/// from <see cref="ChatOptions.AdditionalProperties"/> <c>streams</c> (P, or the name of a stream set), <c>min_p</c>,
/// <c>repetition_penalty</c> and <c>chat_template_kwargs</c>. Other additional properties are left alone. What is not said comes from the
/// model's <see cref="LanguageModel.DefaultOptions"/>, or from the <see cref="GenerationOptions"/> that
/// <see cref="ChatOptions.RawRepresentationFactory"/> gives.
/// </para>
/// <para>
/// What a model thinks before it answers comes as <see cref="TextReasoningContent"/>, unless <see cref="GenerationOptions.ThinkingInText"/>
/// is set; in messages it goes back to the template as such. <c>chat_template_kwargs</c> with <c>enable_thinking</c> turns it on or off.
/// <see cref="ReasoningEffort.None"/> of <see cref="ChatOptions.Reasoning"/> turns it off where the template has a switch; other efforts are given to the
/// template as its <c>reasoning_effort</c>. <see cref="ReasoningOutput.None"/> leaves the thinking out of the answer; a summary is the whole.
/// </para>
/// <para>
/// Calls of tools come as <see cref="FunctionCallContent"/> where <see cref="LanguageModel.ToolCallFormat"/> is known; else they stay in
/// the text, and cannot be required. A required call is one call, unless <see cref="ChatOptions.AllowMultipleToolCalls"/> is true.
/// </para>
/// <para>Refused by name: a conversation id, another model's id, tools that are no functions, and contents that are no text.</para>
/// </remarks>
public sealed class ParScaleChatClient : IChatClient
{
    /// <summary>Most new tokens of an answer when nothing sets another number.</summary>
    public const int DefaultMaxOutputTokens = 1024;

    private readonly LanguageModel _model;
    private readonly ChatClientMetadata _metadata;

    /// <summary>A client of a model that the caller keeps and disposes.</summary>
    /// <param name="model">The model. Without a chat template of its own it is loaded with <see cref="LoadOptions.ChatTemplate"/>.</param>
    /// <param name="modelId">The name that answers carry; null takes that of the model's folder.</param>
    public ParScaleChatClient(LanguageModel model, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _metadata = new ChatClientMetadata("parscale", defaultModelId: modelId ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Folder)));
    }

    /// <inheritdoc/>
    /// <exception cref="ParScaleException">
    /// An option or a content is not supported (AI-01, AI-02), has a wrong value (AI-03, SA-01, GE-01), the tools do not go with the model
    /// (TL-01 to TL-04), a schema cannot be enforced (JS-01, JS-02), the model has no chat template (CT-12), or the conversation does not
    /// fit its context (GE-03).
    /// </exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ParScaleException">As for <see cref="GetResponseAsync"/>; thrown by this call, not with the first update.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        GenerationOptions generation = RequestOptions.Generation(this, _model, options);
        return Updates(
            _model.GenerateChatAsync(MessageReader.Read(messages, options?.Instructions), generation, RequestOptions.Template(_model, options), cancellationToken),
            showsThinking: options?.Reasoning?.Output != ReasoningOutput.None, cancellationToken);
    }

    /// <inheritdoc/>
    /// <returns>This client, its <see cref="LanguageModel"/>, its <see cref="ChatClientMetadata"/>, or null.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        if (serviceType == typeof(ChatClientMetadata)) return _metadata;
        return serviceType.IsInstanceOfType(_model) ? _model : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Does nothing: the model belongs to whoever loaded it.</summary>
    public void Dispose()
    {
    }

    /// <summary>The name that answers carry.</summary>
    internal string ModelId => _metadata.DefaultModelId!;

    private async IAsyncEnumerable<ChatResponseUpdate> Updates(
        IAsyncEnumerable<GeneratedPiece> pieces, bool showsThinking, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string id = Guid.NewGuid().ToString("N");
        DateTimeOffset created = DateTimeOffset.UtcNow;
        await foreach (GeneratedPiece piece in pieces.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // A token that ends inside a character, or may begin a stop sequence, has no text yet.
            if (piece is { Text: "", FinishReason: null, ToolCalls: null } && (piece.Thinking is null || !showsThinking)) continue;
            var update = new ChatResponseUpdate(ChatRole.Assistant, Contents(piece, showsThinking))
            {
                ResponseId = id,
                MessageId = id,
                CreatedAt = created,
                ModelId = ModelId,
                RawRepresentation = piece,
            };
            if (piece.FinishReason is { } reason) update.FinishReason = Reason(reason);
            if (piece.Statistics is { } statistics) update.Contents.Add(new UsageContent(Usage(statistics)));
            yield return update;
        }
    }

    private static List<AIContent> Contents(GeneratedPiece piece, bool showsThinking)
    {
        List<AIContent> contents = [];
        if (piece.Thinking is not null && showsThinking) contents.Add(new TextReasoningContent(piece.Thinking));
        if (piece.Text.Length > 0) contents.Add(new TextContent(piece.Text));
        foreach (ToolCall call in piece.ToolCalls ?? []) contents.Add(new FunctionCallContent(call.Id, call.Name, Arguments(call)));
        return contents;
    }

    private static Dictionary<string, object?> Arguments(ToolCall call)
    {
        using JsonDocument arguments = JsonDocument.Parse(call.Arguments);
        return arguments.RootElement.EnumerateObject().ToDictionary(argument => argument.Name, object? (argument) => argument.Value.Clone());
    }

    private static ChatFinishReason Reason(FinishReason reason) => reason switch
    {
        FinishReason.Length => ChatFinishReason.Length,
        FinishReason.ToolCalls => ChatFinishReason.ToolCalls,
        _ => ChatFinishReason.Stop,
    };

    private static UsageDetails Usage(GenerationStatistics statistics) => new()
    {
        InputTokenCount = statistics.PromptTokens,
        OutputTokenCount = statistics.NewTokens,
        TotalTokenCount = statistics.PromptTokens + statistics.NewTokens,
        CachedInputTokenCount = statistics.CachedTokens,
        ReasoningTokenCount = statistics.ThinkingTokens,
    };
}
