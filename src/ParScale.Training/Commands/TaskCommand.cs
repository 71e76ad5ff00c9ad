using System.CommandLine;
using ParScale.Training.Data.Tasks;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train task</c>: examples of a generated task, as rows of prompt and completion, and a tokenizer for them.</summary>
internal static class TaskCommand
{
    private const int MostExamples = 20_000_000;

    private static readonly Argument<string> Name = new("task") { Description = string.Join("; ", TaskKind.All.Select(kind => $"{kind.Name}: {kind.Description}")) };
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "new folder for train.jsonl, validation.jsonl and tokenizer/" };
    private static readonly Option<int> Examples = new("--examples") { DefaultValueFactory = _ => 100_000, Description = "examples to train on; no question comes twice" };
    private static readonly Option<int> Validation = new("--val-examples") { DefaultValueFactory = _ => 1000, Description = "examples for validation" };
    private static readonly Option<int?> Length = new("--length") { Description = $"numbers, columns or nodes of a question (default: {Defaults(kind => kind.DefaultLength)})" };
    private static readonly Option<long> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "seed of all draws" };

    // One flag for the second parameter of each task.
    private static readonly Dictionary<TaskKind, Option<int?>> Second = TaskKind.All.ToDictionary(
        kind => kind, kind => new Option<int?>($"--{kind.Flag}") { Description = $"{kind.Flag} of {kind.Name} (default: {kind.DefaultValue})" });

    public static Command Create()
    {
        Name.AcceptOnlyFromAmong([.. TaskKind.All.Select(kind => kind.Name)]);
        var command = new Command("task", "Write questions of a generated task, their answers and a tokenizer") { Name, Output, Examples, Validation, Length };
        foreach (Option<int?> option in Second.Values) command.Options.Add(option);
        command.Options.Add(Seed);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        TaskKind kind = TaskKind.All.First(one => one.Name == parse.GetRequiredValue(Name));
        if (Second.FirstOrDefault(pair => pair.Key != kind && parse.GetValue(pair.Value) is not null) is { Value: { } other })
            throw ParScaleException.Usage("TR-10", $"{other.Name} is no parameter of {kind.Name}; its own are --length and --{kind.Flag}");
        (int training, int validation) = (parse.GetValue(Examples), parse.GetValue(Validation));
        if (training is < 1 or > MostExamples) throw ParScaleException.Usage("TR-10", $"--examples must be 1 to {MostExamples}");
        if (validation is < 1 or > MostExamples) throw ParScaleException.Usage("TR-10", $"--val-examples must be 1 to {MostExamples}");
        IGeneratedTask task = kind.Create(parse.GetValue(Length), parse.GetValue(Second[kind]));
        TaskFolder.Write(parse.GetRequiredValue(Output), task, training, validation, parse.GetValue(Seed));
        Console.Error.WriteLine($"{training} examples, {validation} for validation, {task.Characters.Length} characters in the vocabulary");
        return 0;
    }

    private static string Defaults(Func<TaskKind, int> value) => string.Join(", ", TaskKind.All.Select(kind => $"{value(kind)} for {kind.Name}"));
}
