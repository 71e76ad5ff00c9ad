using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Generation.Constraints;
using ParScale.Text.Chat.Tools;

namespace ParScale.Generation;

/// <summary>
/// The tools that a model may call in an answer. The chat template shows them to it (<see cref="Schemas"/>); calls are taken out of its
/// answer by <see cref="LanguageModel.ToolCallFormat"/>, and forced by excluding tokens. Safe to use from several threads.
/// </summary>
public sealed class OfferedTools
{
    private readonly ToolCallFormat? _format;
    private readonly HashSet<string> _names;
    private readonly OutputConstraint? _forced;
    private readonly Grammar? _calls;
    private readonly int[] _shown;
    private readonly int _most;

    private OfferedTools(JsonArray schemas, ToolCallFormat? format, HashSet<string> names, OutputConstraint? forced, Grammar? calls, int most, int[] shown) =>
        (Schemas, _format, _names, _forced, _calls, _most, _shown) = (schemas, format, names, forced, calls, most, shown);

    /// <summary>The tools, as JSON schemas: the template's <c>tools</c>.</summary>
    public JsonArray Schemas { get; }

    /// <summary>Offers tools to a model.</summary>
    /// <param name="model">The model. Where its format of calls is not known, calls stay in the text.</param>
    /// <param name="schemas">
    /// The tools: <c>{"type": "function", "function": {"name", "description", "parameters"}}</c> each, where the parameters are a JSON schema.
    /// </param>
    /// <param name="required">Whether the answer is a call and nothing else, with the arguments that the tool's schema allows.</param>
    /// <param name="only">The name of the tool that must be called; null for any.</param>
    /// <param name="parallel">
    /// Whether an answer may have several calls. Null leaves it to the model, except that a required call is one.
    /// </param>
    /// <exception cref="ParScaleException">
    /// There are no tools, or one has no name or the name of another (TL-01), the template shows no tools (TL-02), a call is required and the format is not
    /// known (TL-03) or no tool has that name (TL-04), or a schema cannot be enforced (JS-01, JS-02).
    /// </exception>
    public static OfferedTools Create(LanguageModel model, JsonArray schemas, bool required = false, string? only = null, bool? parallel = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(schemas);
        using JsonDocument document = JsonDocument.Parse(schemas.ToJsonString(), new JsonDocumentOptions { MaxDepth = 1000 });
        List<(string Name, JsonElement? Parameters)> tools = [.. document.RootElement.EnumerateArray().Select(Read)];
        var names = tools.Select(tool => tool.Name).ToHashSet();
        if (tools.Count == 0) throw ParScaleException.Usage("TL-01", "no tools are offered; give one");
        if (names.Count < tools.Count) throw ParScaleException.Usage("TL-01", "two tools have the same name; rename one");
        if (!model.Tools.ShowsTools)
            throw ParScaleException.Usage("TL-02", "the model's chat template shows no tools, so none would be called; leave them out, or load the model with a template for tools");
        ToolCallFormat? format = model.Tools.Format;
        bool forces = required || only is not null;
        if (forces && format is null)
            throw ParScaleException.Usage("TL-03", "a call cannot be required of this model: its chat template does not tell how it writes calls; leave the choice to the model");
        if (only is not null && !names.Contains(only)) throw ParScaleException.Usage("TL-04", $"no tool is named {ParScaleException.Quote(only)}");
        int most = parallel ?? !forces ? int.MaxValue : 1;
        if (format is null) return new OfferedTools(schemas, null, names, null, null, most, []);
        int[] shown = [.. format.Marks.Select(model.Tokenizer.ControlToken).OfType<int>()];
        Grammar Calls(Func<(string Name, JsonElement? Parameters), Grammar> arguments) => ToolCallGrammar.Of(
            format, [.. tools.Where(tool => only is null || tool.Name == only).Select(tool => (tool.Name, arguments(tool)))], most == 1 ? 1 : null,
            mark => model.Tokenizer.ControlToken(mark) is { } id ? Grammar.Control(Array.IndexOf(shown, id)) : Grammar.Text(mark));
        return forces ? new OfferedTools(schemas, format, names, new OutputConstraint(Calls(Arguments)), null, most, shown)
            : new OfferedTools(schemas, format, names, null, Calls(_ => JsonText.Object), most, shown);
    }

    /// <summary>The options of an answer with these tools: the form that its text must have, and what of it is shown.</summary>
    internal GenerationOptions Over(GenerationOptions options) => options with
    {
        Constraint = _forced ?? (_calls is null || options.Constraint is null ? options.Constraint : new OutputConstraint(Grammar.Any(options.Constraint.Grammar, _calls))),
        ShownTokens = _shown,
    };

    /// <summary>Takes the calls out of an answer.</summary>
    internal async IAsyncEnumerable<GeneratedPiece> Read(IAsyncEnumerable<GeneratedPiece> pieces, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ToolCallParser? parser = _format is null ? null : new ToolCallParser(_format, _names, _most);
        bool called = false;
        await foreach (GeneratedPiece piece in pieces.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (parser is null)
            {
                yield return piece;
                continue;
            }
            ParsedAnswer parsed = parser.Append(piece.Text);
            if (piece.FinishReason is not null)
            {
                ParsedAnswer rest = parser.Flush();
                parsed = new ParsedAnswer(parsed.Content + rest.Content, [.. parsed.Calls, .. rest.Calls]);
            }
            called |= parsed.Calls.Count > 0;
            yield return piece with
            {
                Text = parsed.Content,
                ToolCalls = parsed.Calls.Count > 0 ? parsed.Calls : null,
                FinishReason = called && piece.FinishReason == FinishReason.Stop ? FinishReason.ToolCalls : piece.FinishReason,
            };
        }
    }

    private static Grammar Arguments((string Name, JsonElement? Parameters) tool)
    {
        try
        {
            return ToolCallGrammar.Arguments(tool.Parameters);
        }
        catch (ParScaleException e)
        {
            throw ParScaleException.Usage(e.Code, $"the tool {ParScaleException.Quote(tool.Name)}: {e.Message}");
        }
    }

    private static (string Name, JsonElement? Parameters) Read(JsonElement tool)
    {
        if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object
            || !function.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || name.GetString() is not { Length: > 0 } text)
        {
            throw ParScaleException.Usage("TL-01", "a tool has no function with a name");
        }
        bool has = function.TryGetProperty("parameters", out JsonElement parameters) && parameters.ValueKind != JsonValueKind.Null;
        return (text, has ? parameters.Clone() : null);
    }
}
