using System.Globalization;
using System.Numerics;
using ParScale.Cli.Parsing;
using ParScale.Generation;

namespace ParScale.Cli.Chat;

/// <summary>Does what the commands of a chat ask for.</summary>
internal sealed class SlashCommands(ChatSession session, IChatView view)
{
    /// <summary>Whether the chat is to end.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Runs a command. A question to ask, when the command wants one asked; else null.</summary>
    /// <exception cref="ParScaleException">The command is unknown, or its argument is wrong.</exception>
    public Question? Run(string line)
    {
        string[] parts = line.Split((char[]?)null, 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string argument = parts.Length > 1 ? parts[1] : "";
        Conversation conversation = session.Conversation;
        switch (parts[0])
        {
            case "/help": view.Help(); break;
            case "/streams": Streams(argument); break;
            case "/system": System(argument); break;
            case "/think": Think(argument); break;
            case "/temp": Set(argument, "temperature", session.Options.Sampling.Temperature, (sampling, value) => sampling with { Temperature = value }); break;
            case "/top-p": Set(argument, "top-p", session.Options.Sampling.TopP, (sampling, value) => sampling with { TopP = value }); break;
            case "/seed": Set(argument, "seed", session.Options.Sampling.Seed!.Value, (sampling, value) => sampling with { Seed = value }); break;
            case "/retry": return Retry();
            case "/undo": view.Note(conversation.Undo() ? Length("taken back") : "there is nothing to take back"); break;
            case "/forget": Forget(argument); break;
            case "/clear":
                conversation.Clear();
                view.Note("the conversation begins anew");
                break;
            case "/save":
                ConversationFile.Save(Required(argument, "/save", "FILE"), conversation.Messages);
                view.Note($"{conversation.Messages.Count} messages saved in {argument}");
                break;
            case "/load":
                conversation.Replace(ConversationFile.Load(Required(argument, "/load", "FILE")));
                view.Note(Length($"read from {argument}"));
                break;
            case "/stats": view.Stats(session); break;
            case "/exit" or "/quit": HasEnded = true; break;
            default: throw Unknown(parts[0]);
        }
        return null;
    }

    private Question? Retry()
    {
        if (session.Conversation.LastQuestion is not { } question)
        {
            view.Note("there is no question to ask again");
            return null;
        }
        if (session.Options.Sampling.Temperature == 0) view.Note("the temperature is 0, so the answer is the same; /temp 0.8 draws others");
        return new Question(question, Again: true);
    }

    private void Streams(string argument)
    {
        if (argument == "auto")
        {
            StreamGate gate = session.Options.Gate ?? session.Model.DefaultOptions.Gate ?? new StreamGate();
            // After /streams 1 those of the model are meant again.
            StreamChoice? choice = session.Streams.CanRest ? session.Options.Streams : null;
            gate.Require(choice?.Find(session.Model.StreamSets) ?? session.Model.Streams);
            session.Options = session.Options with { Streams = choice, Gate = gate };
        }
        else if (argument.Length > 0)
        {
            StreamChoice choice = int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : argument;
            choice.Find(session.Model.StreamSets);
            session.Options = session.Options with { Streams = choice, Gate = null };
        }
        IEnumerable<string> sets = session.Model.StreamSets.Select(set =>
            FormattableString.Invariant($"{set.Name} (P {set.Count}){(set != session.Streams ? "" : session.Options.Gate is null ? ", in use" : ", in use where it is unsure")}"));
        view.Note($"streams: {string.Join("; ", sets)}");
    }

    private void System(string argument)
    {
        if (argument.Length > 0) session.SetSystem(argument == "-" ? null : argument);
        view.Note(session.Conversation.System is { } text ? $"system message: {text}" : "there is no system message of yours");
    }

    private void Think(string argument)
    {
        if (argument.Length > 0) session.Thinks = ThinkOption.Read(argument, "/think");
        view.Note($"thinking: {session.Thinks switch { true => "on", false => "off", null => "as the template has it" }}");
    }

    private void Forget(string argument)
    {
        int turns = argument.Length == 0 ? 1 : Number<int>(argument, "/forget");
        view.Note(Length($"{session.Conversation.Forget(turns)} dropped"));
    }

    private void Set<T>(string argument, string name, T current, Func<SamplingOptions, T, SamplingOptions> change)
        where T : INumber<T>
    {
        if (argument.Length > 0)
        {
            current = Number<T>(argument, $"the {name}");
            session.Options = session.Options with { Sampling = change(session.Options.Sampling, current) };
        }
        view.Note(string.Create(CultureInfo.InvariantCulture, $"{name} {current}"));
    }

    private string Length(string what) => $"{what}; the conversation has {ChatFigures.Turns(session)}";

    private static string Required(string argument, string command, string what) =>
        argument.Length > 0 ? argument : throw ParScaleException.Usage("CL-02", $"{command} needs a value: {command} {what}");

    private static T Number<T>(string text, string what)
        where T : INumber<T> =>
        T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T? value)
            ? value
            : throw ParScaleException.Usage("CL-02", $"{what} needs a number, not {ParScaleException.Quote(text)}");

    private static ParScaleException Unknown(string typed)
    {
        string? nearest = NearestName.Find(typed, SlashCommand.All.Select(command => command.Name));
        string advice = nearest is null ? "/help lists them" : $"did you mean {nearest}?";
        return ParScaleException.Usage("CL-01", $"unknown command {ParScaleException.Quote(typed)}; {advice} (a message that begins with a slash: type two)");
    }
}
