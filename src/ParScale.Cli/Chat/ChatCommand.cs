using System.CommandLine;
using System.Text;
using ParScale.Cli.Chat.Editing;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Generation;
using ParScale.Text.Chat;

namespace ParScale.Cli.Chat;

/// <summary><c>parscale chat</c>: a conversation, at the keyboard or through a pipe.</summary>
internal sealed class ChatCommand : ExampleCommand
{
    private const int AnswerTokens = 1024, PlainTokens = 128;

    private readonly Terminal _terminal;
    private readonly CommonOptions _common;
    private readonly ModelOptions _model;
    private readonly InputOptions _input = new(acceptsTokens: false, acceptsSpecial: false);
    private readonly GenerationOptionSet _generation = new(new GenerationOptions { ImpliedMost = AnswerTokens }, forChat: true);
    private readonly Option<string?> _system = new("--system") { Description = "System message: how the model is to answer.", HelpName = "TEXT" };
    private readonly Option<string?> _template = new("--chat-template")
    {
        Description = "How the conversation is written: ChatML, a Jinja file, or none for plain text that is continued (default: the model's own template).",
        HelpName = "chatml|FILE|none",
    };
    private readonly Option<string?> _think = ThinkOption.Create();
    private readonly Option<bool> _lines = CommonOptions.Flag("--lines",
        "Take each line of standard input as a turn, commands too (default: all of it is one message).");
    private readonly Option<bool> _noHistory = CommonOptions.Flag("--no-history", "Keep no history of what is typed between two runs.");

    public ChatCommand(Terminal terminal, CommonOptions common)
        : base("chat", "Talk with a model. At a keyboard, /help lists the commands. With -p, --file or a pipe, one message is answered.")
    {
        (_terminal, _common) = (terminal, common);
        // Plain text is continued by the model that has read plays; messages are answered by the other.
        _model = new ModelOptions(allSets: true, mayRest: true, parse => parse.GetValue(_template) is null ? EmbeddedModel.ChatFolder() : EmbeddedModel.Folder());
        _input.AddTo(this);
        Options.Add(_system);
        Options.Add(_template);
        Options.Add(_think);
        Options.Add(_lines);
        Options.Add(_noHistory);
        _generation.AddTo(this);
        _model.AddTo(this);
        SetAction(Run);
    }

    public override string Example => """
          parscale chat -p f57370e --streams 4
          parscale chat -m my-model
          parscale chat -m my-model --system "Answer in one sentence." -p "What is a parallel stream?"
          cat bug.txt | parscale chat -m my-model --temp 0 --json
          printf 'Hello\n/streams 1\n/retry\n/stats\n' | parscale chat -m my-model --lines
        """;

    private int Run(ParseResult parse)
    {
        bool json = parse.GetValue(_common.Json), lines = parse.GetValue(_lines), given = _input.IsGiven(parse);
        Check(parse, json, lines, given);
        bool? thinks = parse.GetValue(_think) is { } word ? ThinkOption.Read(word, "--think") : null;
        string? message = lines || (!given && _terminal.Keyboard is not null) ? null : _input.Read(parse, _terminal).Text!.TrimEnd('\r', '\n');
        ChatTemplate? template = ChatTemplateOption.Read(parse.GetValue(_template), _terminal);
        using LanguageModel model = _generation.Load(parse, _model, _terminal, options => options with { ChatTemplate = template });
        bool plain = IsPlain(parse, model);
        var session = new ChatSession(model, plain, Drawing(parse, model, plain));
        // The template of the embedded one refuses what has no token.
        if (!_model.IsEmbedded(parse) || template is not null) ModelFolder.TokenizerOf(model, _terminal);
        if (parse.GetValue(_system) is { } system) session.SetSystem(system);
        if (thinks is not null) session.Thinks = thinks;

        bool typed = message is null && !lines;
        using var interrupt = new AnswerInterrupt(() => Restore(typed), _terminal.Cancellation);
        IChatView view = typed && _terminal.HasColours ? Screen() : new PlainView(_terminal, answers: !json);
        var loop = new ChatLoop(session, view, interrupt, goesOn: typed);
        int exit = message is not null ? (loop.Ask(new Question(message)) ? 0 : ErrorReport.Interrupted)
            : lines ? loop.Run(TextLines(_terminal.In!, prompt: false))
            : Converse(session, view, loop, parse.GetValue(_noHistory));
        if (json) _terminal.WriteJson(Describe(loop, session), CliJson.Readable.ChatResult);
        return exit;
    }

    private void Check(ParseResult parse, bool json, bool lines, bool given)
    {
        if (lines && given) throw ParScaleException.Usage("CL-02", "give -p or --file, or --lines with standard input, not both");
        if (lines && _terminal.In is null) throw ParScaleException.Usage("CL-02", "--lines reads standard input: pipe or redirect it");
        if (json && !lines && !given && _terminal.In is null) throw ParScaleException.Usage("CL-02", "--json answers a message: give it with -p or --file, or pipe it in");
        if (parse.GetValue(_template) is { Length: 0 }) throw ParScaleException.Usage("CL-02", "--chat-template needs chatml, a file or none");
    }

    private bool IsPlain(ParseResult parse, LanguageModel model)
    {
        if (parse.GetValue(_template) is { } choice) return choice == ChatTemplateOption.None;
        if (model.ChatTemplate is null) throw LanguageModel.NoChatTemplate(model.Folder);
        if (_model.IsEmbedded(parse))
        {
            _terminal.Note("the embedded model answers one kind of question: seven numbers of 0 to 9 and a to f (10 to 15), such as f57370e; its answer has");
            _terminal.Note("a 1 for each that adds up to a multiple of 16 with two others, else a 0. /streams 1, 2 or 4 changes how often it is right.");
            _terminal.Note("for a conversation give a chat model: parscale chat -m FOLDER");
        }
        return false;
    }

    private GenerationOptions Drawing(ParseResult parse, LanguageModel model, bool plain)
    {
        GenerationOptions options = _generation.Read(parse, model, parseSpecial: false);
        return plain ? options with { ImpliedMost = model.GenerationConfig.MaxNewTokens ?? PlainTokens } : options;
    }

    private int Converse(ChatSession session, IChatView view, ChatLoop loop, bool forgets)
    {
        view.Open(session);
        Keyboard keyboard = _terminal.Keyboard!;
        if (!keyboard.SendsKeys)
        {
            using Stream typed = keyboard.Open();
            return loop.Run(TextLines(typed, prompt: true));
        }
        LineHistory history = LineHistory.Open(forgets ? null : _terminal.StateFolder);
        using var input = new LineInput(_terminal, SlashCommand.Complete);
        return loop.Run(() =>
        {
            (EditState end, string text) = input.Read(history.Entries);
            if (end == EditState.Submitted) history.Add(text);
            return (end, text);
        });
    }

    // A backslash at the end of a line joins it with the next one.
    private Func<(EditState End, string Text)> TextLines(Stream bytes, bool prompt)
    {
        var reader = new StreamReader(bytes, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        return () =>
        {
            var text = new StringBuilder();
            while (true)
            {
                if (prompt) _terminal.Say(text.Length == 0 ? "> " : "… ");
                if (reader.ReadLine() is not { } line) return text.Length == 0 ? (EditState.Ended, "") : (EditState.Submitted, text.ToString());
                if (!line.EndsWith('\\')) return (EditState.Submitted, text.Append(line).ToString());
                text.Append(line.AsSpan(..^1)).Append('\n');
            }
        };
    }

    private ScreenView Screen() => new(_terminal);

    private void Restore(bool typed)
    {
        if (typed && _terminal.Keyboard is { SendsKeys: true } keyboard) keyboard.Mode.Restore();
    }

    private static ChatResult Describe(ChatLoop loop, ChatSession session)
    {
        ChatTurnResult last = loop.Turns.Count > 0 ? loop.Turns[^1] : new ChatTurnResult("", 0, 0, 0, "stop", 0, 0, session.Streams.Count) { StreamWeights = [], Seed = 0 };
        return new ChatResult(last.Text, last.Tokens, last.PromptTokens, last.CachedTokens, last.FinishReason, last.Streams)
        {
            Turns = loop.Turns,
            Messages = ConversationFile.ToJson(session.Conversation.Messages)["messages"]!.DeepClone(),
            Dtype = session.Model.Dtype.ToString().ToLowerInvariant(),
            Device = session.Model.Device.Name,
            Kernel = session.Model.KernelTier,
            Threads = session.Model.Threads,
        };
    }
}
