using ParScale.Generation;
using ParScale.Model;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Text.Chat;

namespace ParScale.Server.Requests;

/// <summary>What is generated: prompts, how often each, and how. Common to all endpoints that generate.</summary>
/// <param name="Model">Which model.</param>
/// <param name="Name">The model's name as it stands in the answer.</param>
/// <param name="Set">Which streams.</param>
internal sealed record GenerationRequest(ServedModel Model, string Name, StreamSet Set)
{
    private const int MostChoices = 8;

    /// <summary>When it was read, as <see cref="System.Diagnostics.Stopwatch"/> counts.</summary>
    public long Arrived { get; } = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>The prompts, as token ids.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <summary>How many answers each prompt gets.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>How they are generated. The seed of answer i of a prompt is that of the options plus i.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>Whether an assistant's turn is generated, which ends where the template ends turns.</summary>
    public bool IsChat { get; init; }

    /// <summary>Where that turn begins.</summary>
    public ThinkingStart Start { get; init; }

    /// <summary>Whether the answer is sent as it comes.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with the usage.</summary>
    public bool StreamUsage { get; init; }

    /// <summary>Reads everything but the prompts and what log-probabilities are asked for.</summary>
    /// <param name="body">The request.</param>
    /// <param name="state">What is served.</param>
    /// <param name="owner">Whose request it is.</param>
    /// <param name="most">Most new tokens; below 0 where only the context is to be a limit; null where the request does not say.</param>
    /// <param name="name">The model's name, if it has one.</param>
    /// <param name="sampling">Where it says how tokens are chosen; null if that is the body itself.</param>
    public static GenerationRequest Read(Fields body, ServerState state, string owner, long? most, string? name, Fields? sampling = null)
    {
        Fields chosen = sampling ?? body;
        ServedModel model = state.Find(name);
        StreamSet set = model.Choose(string.IsNullOrEmpty(name) ? null : name, body);
        GenerationOptions defaults = model.Model.DefaultOptions;
        int context = model.Model.Config.MaxPositions;
        var options = defaults with
        {
            NamedMost = most is > 0 and var named ? (int)Math.Min(named, context) : null,
            ImpliedMost = most is < 0 ? context : model.Model.GenerationConfig.MaxNewTokens ?? context,
            LeavesRoom = true,
            MinNewTokens = (int)(chosen.Integer("min_tokens", 0, context) ?? 0),
            Streams = set.Name,
            Gate = model.Gate(body, set),
            Sampling = SamplingFields.Sampling(chosen, defaults.Sampling, model.Model.Config.VocabularySize),
            Stop = SamplingFields.Stops(chosen) ?? defaults.Stop,
            IgnoreEndOfText = chosen.Flag("ignore_eos") ?? false,
            Constraint = OutputForm.Read(body),
            ReuseScope = body.Flag("cache_prompt") == false ? null : owner,
            StreamWeights = body.Flag("stream_weights") ?? false,
            ContextShift = false,
        };
        if (options.MinNewTokens > options.MaxNewTokens) throw ApiException.Field("min_tokens", "min_tokens is above max_tokens");
        return new GenerationRequest(model, string.IsNullOrEmpty(name) ? model.Name : name, set)
        {
            Prompts = [],
            Choices = (int)(body.Integer("n", 1, MostChoices) ?? 1),
            Options = options,
            Stream = body.Flag("stream") ?? false,
            StreamUsage = body.Object("stream_options")?.Flag("include_usage") ?? false,
        };
    }

    /// <summary>The request for an assistant's turn after a conversation.</summary>
    /// <exception cref="ApiException">The conversation is too long.</exception>
    public GenerationRequest AsTurn(RenderedChat chat, string field) =>
        With([Model.Model.Tokenizer.Encode(chat)], field) with { IsChat = true, Start = Model.Model.StartOfThinking(chat) };

    /// <summary>The request with its prompts, each of which must leave room for a token.</summary>
    /// <exception cref="ApiException">One is empty or too long.</exception>
    public GenerationRequest With(IReadOnlyList<int[]> prompts, string field)
    {
        int context = Model.Model.Config.MaxPositions;
        foreach (int[] prompt in prompts)
        {
            if (prompt.Length == 0) throw ApiException.Field(field, $"{field} has no tokens");
            if (prompt.Length >= context)
            {
                throw ApiException.Field(field,
                    $"the prompt has {prompt.Length} tokens and the model's context is {context}; shorten it", "context_length_exceeded");
            }
        }
        return this with { Prompts = prompts };
    }
}
