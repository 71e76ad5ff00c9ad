using System.Text.Json;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat;

namespace ParScale.Server.Responses;

/// <summary>A request for a response.</summary>
/// <param name="Generation">What is generated.</param>
/// <param name="Asked">What the response repeats of it.</param>
internal sealed record ResponseRequest(GenerationRequest Generation, ResponseRequest.Echo Asked)
{
    // Fields whose meaning needs what this server has not, each with what to do instead.
    private static readonly (string Name, string Instead)[] Refused =
    [
        ("previous_response_id", "nothing is stored; send the earlier items in input"),
        ("conversation", "nothing is stored; send the earlier items in input"),
        ("prompt", "there are no stored prompts; send instructions and input"),
        ("context_management", "send as much in input as the context holds"),
        ("messages", "it belongs to /v1/chat/completions; send input"),
        ("response_format", "it belongs to /v1/chat/completions; send text.format"),
        ("max_tokens", "send max_output_tokens"),
        ("max_completion_tokens", "send max_output_tokens"),
    ];

    /// <summary>Reads it.</summary>
    public static ResponseRequest Read(Fields body, RequestScope scope)
    {
        Refuse(body);
        long? most = body.Integer("max_output_tokens", 1, int.MaxValue);
        GenerationRequest request = GenerationRequest.Read(body, scope.State, scope.Owner, most, body.Text("model"));
        if (request.Choices != 1) throw ApiException.Field("n", "n must be 1; a response has one answer");
        int? top = (int?)body.Integer("top_logprobs", 0, ChatRequest.MostTop) ?? (WantsLogProbs(body) ? 0 : null);
        LanguageModel model = request.Model.Model;
        Fields? text = body.Object("text"), format = text?.Object("format");
        if (text?.Text("verbosity") is not (null or "medium")) throw ApiException.Field("text.verbosity", "text.verbosity is not supported; say in instructions how long the answer should be");
        Fields tools = ResponseTools.Read(body);
        RenderedChat chat = ChatRequest.Write(model, ResponseInput.Read(body), new ChatTemplateOptions
        {
            AddGenerationPrompt = true,
            Tools = ToolFields.Shown(tools),
            Variables = ThinkingFields.Variables(body, body.Object("reasoning")?.Text("effort"), model, scope.Options),
        }, "input", scope.Options, scope.Cancellation);
        request = request.AsTurn(chat, "input") with
        {
            Options = request.Options with
            {
                ThinkingInText = ThinkingFields.InText(body),
                TopLogProbs = top,
                Constraint = format is { } form ? OutputForm.Read(form, form) : null,
                Tools = ToolFields.Offered(tools, model),
            },
        };
        return new ResponseRequest(request, Echo.Read(body, request, most));
    }

    private static void Refuse(Fields body)
    {
        foreach ((string name, string instead) in Refused)
            if (body.Get(name) is not null) throw ApiException.Field(name, $"{name} is not supported: {instead}");
        if (body.Flag("store") == true) throw ApiException.Field("store", "store must be false: nothing is stored");
        if (body.Flag("background") == true) throw ApiException.Field("background", "background must be false: a response ends with its connection");
        if (body.Text("truncation") is not (null or "disabled" or "auto")) throw ApiException.Field("truncation", "truncation must be disabled or auto; a prompt that is too long is refused either way");
    }

    private static bool WantsLogProbs(Fields body)
    {
        if (body.List("include", ToolFields.MostTools) is not { } list) return false;
        string[] names = [.. list.EnumerateArray().Select((one, i) => Fields.TextOf(one, $"include[{i}]"))];
        return names.Contains("message.output_text.logprobs");
    }

    /// <summary>What a response repeats of its request.</summary>
    internal sealed record Echo
    {
        private static readonly JsonElement NoObject = JsonElement.Parse("{}"), NoList = JsonElement.Parse("[]"), Auto = JsonElement.Parse("\"auto\""), PlainText = JsonElement.Parse("""{"format":{"type":"text"}}""");

        public string? Instructions { get; init; }

        public long? MaxOutputTokens { get; init; }

        public double Temperature { get; init; }

        public double TopP { get; init; }

        public int? TopLogProbs { get; init; }

        public bool ParallelToolCalls { get; init; }

        public JsonElement ToolChoice { get; init; }

        public JsonElement Metadata { get; init; }

        public JsonElement Text { get; init; }

        public JsonElement Tools { get; init; }

        public static Echo Read(Fields body, GenerationRequest request, long? most) => new()
        {
            Instructions = body.Text("instructions"),
            MaxOutputTokens = most,
            Temperature = request.Options.Sampling.Temperature,
            TopP = request.Options.Sampling.TopP,
            TopLogProbs = request.Options.TopLogProbs,
            ParallelToolCalls = body.Flag("parallel_tool_calls") ?? true,
            ToolChoice = body.Get("tool_choice") ?? Auto,
            Metadata = body.Object("metadata")?.Json ?? NoObject,
            Text = body.Object("text") is { } text && text.Get("format") is not null ? text.Json : PlainText,
            Tools = body.Get("tools") ?? NoList,
        };
    }
}
