using System.Text.Json;
using ParScale.Model;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat;

namespace ParScale.Server.OpenAi;

/// <summary>What is served, and what its tokenizers and templates do.</summary>
internal static class ModelEndpoints
{
    /// <summary><c>GET /v1/models</c>: every model, and every one of its stream sets by a name of its own.</summary>
    public static Task List(RequestScope scope) =>
        Answer.Json(scope.Context, new ModelList([.. scope.State.Models.SelectMany(Entries)]), WireJson.Wire.ModelList);

    /// <summary><c>GET /v1/models/{id}</c></summary>
    public static Task One(RequestScope scope)
    {
        string id = scope.Context.Request.RouteValues["id"] as string ?? "";
        return Answer.Json(scope.Context, Entries(scope.State.Find(id)).First(entry => entry.Id == id), WireJson.Wire.ModelEntry);
    }

    /// <summary><c>POST /tokenize</c>: the fields of vLLM (<c>prompt</c> or <c>messages</c>) or of llama.cpp (<c>content</c>).</summary>
    public static async Task Tokenize(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        var fields = new Fields(body.RootElement);
        LanguageModel model = scope.State.Find(fields.Text("model")).Model;
        int[] ids = fields.Get("messages") is not null
            ? ChatRequest.Render(fields, model, scope.Options, scope.Cancellation)
            : model.Tokenizer.Encode(
                fields.Text("prompt") ?? fields.Text("content") ?? throw ApiException.Field("prompt", "prompt is missing"),
                parseSpecial: fields.Flag("parse_special") ?? true,
                addSpecial: fields.Flag("add_special_tokens") ?? fields.Flag("add_special") ?? fields.Get("prompt") is not null);
        await Answer.Json(scope.Context, new TokenizeResult(ids, ids.Length, model.Config.MaxPositions), WireJson.Wire.TokenizeResult).ConfigureAwait(false);
    }

    /// <summary><c>POST /detokenize</c></summary>
    public static async Task Detokenize(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        var fields = new Fields(body.RootElement);
        LanguageModel model = scope.State.Find(fields.Text("model")).Model;
        JsonElement list = fields.List("tokens", int.MaxValue) ?? throw ApiException.Field("tokens", "tokens is missing");
        int[] ids = Fields.TokenIds(list, "tokens", model.Config.VocabularySize);
        string text = model.Tokenizer.Decode(ids);
        await Answer.Json(scope.Context, new DetokenizeResult(text, text), WireJson.Wire.DetokenizeResult).ConfigureAwait(false);
    }

    /// <summary><c>GET /tokenizer_info</c></summary>
    public static Task Info(RequestScope scope)
    {
        LanguageModel model = scope.State.Find(null).Model;
        var words = new TokenWords(model.Tokenizer);
        return Answer.Json(scope.Context, new TokenizerInfo
        {
            EosToken = model.Config.EndOfTextIds.Count > 0 ? words.Of(model.Config.EndOfTextIds[0]) : null,
            BosToken = model.Config.BeginOfTextId is { } begin ? words.Of(begin) : null,
            ChatTemplate = model.ChatTemplate?.Source,
        }, WireJson.Wire.TokenizerInfo);
    }

    /// <summary><c>POST /apply-template</c></summary>
    public static async Task ApplyTemplate(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        var fields = new Fields(body.RootElement);
        RenderedChat chat = ChatRequest.RenderText(fields, scope.State.Find(fields.Text("model")).Model, scope.Options, scope.Cancellation);
        await Answer.Json(scope.Context, new TemplateResult(chat.Text), WireJson.Wire.TemplateResult).ConfigureAwait(false);
    }

    /// <summary><c>POST /v1/embeddings</c>, and Ollama's: what these models cannot do is told before a client reads on.</summary>
    public static async Task NoEmbeddings(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        _ = scope.State.Find(new Fields(body.RootElement).Text("model"));
        throw ApiException.Field("model", "the models of this server make text, no embeddings", "embeddings_not_supported");
    }

    private static IEnumerable<ModelEntry> Entries(ServedModel served)
    {
        LanguageModel model = served.Model;
        string[] capabilities = HasTemplate(model) ? ["completion", "chat"] : ["completion"];
        foreach ((string name, StreamSet set) in served.Names())
        {
            yield return new ModelEntry(name, served.Created,
                new ModelFacts(model.Config.VocabularySize, model.Config.MaxPositions, model.Config.HiddenSize, model.Config.Parameters, model.WeightBytes + set.Bytes),
                set.Count, set.Config.PrefixTokens)
            {
                Capabilities = capabilities,
            };
        }
    }

    // A template that cannot be read is told to those who chat; the list of models is there all the same.
    private static bool HasTemplate(LanguageModel model)
    {
        try
        {
            return model.ChatTemplate is not null;
        }
        catch (ParScaleException)
        {
            return false;
        }
    }
}
