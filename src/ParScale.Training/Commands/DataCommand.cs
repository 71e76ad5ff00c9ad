using System.CommandLine;
using System.Runtime.InteropServices;
using ParScale.Training.Data;
using ParScale.Training.Data.Preparation;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Shards;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train data</c>: text, JSON and Parquet to token shards.</summary>
internal static class DataCommand
{
    private const double DefaultFraction = 0.01;

    private static readonly Option<string[]> Data = new("--data")
    { Required = true, AllowMultipleArgumentsPerToken = true, Description = "files and folders: .jsonl, .json, .parquet, anything else is UTF-8 text; all but .parquet may be compressed (.gz, .zst)" };
    private static readonly Option<string[]> ValidationData = new("--val-data")
    { AllowMultipleArgumentsPerToken = true, Description = "files and folders for validation, instead of a part of --data" };
    private static readonly Option<string> Tokenizer = new("--tokenizer") { Required = true, Description = "folder with tokenizer.json" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder of the shards (not needed with --preview)" };
    private static readonly Option<string> Include = new("--include")
    { DefaultValueFactory = _ => "*", Description = "pattern of the files to take from folders, such as \"*.py\"" };
    private static readonly Option<string> Format = Choice("--format", "format of all files, whatever their names: text (a file is a document), lines, jsonl, json, parquet",
        "text", "lines", "jsonl", "json", "parquet");
    private static readonly Option<string> TextField = Field("text");
    private static readonly Option<string> PromptField = Field("prompt");
    private static readonly Option<string> CompletionField = Field("completion");
    private static readonly Option<string> MessagesField = Field("messages");
    private static readonly Option<string> Packing = Choice("--packing", "cut: full rows, long documents are cut; whole: whole documents and padding "
        + "(default: whole for prompts and chats, else cut)", "cut", "whole");
    private static readonly Option<double?> ValidationFraction = new("--val-fraction")
    { Description = $"fraction of the documents to hold out for validation, chosen by their content and --seed, so that equal ones stay together (default {DefaultFraction}, 0 with --val-data)" };
    private static readonly Option<long> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "seed of that choice" };
    private static readonly Option<string> EndOfText = new("--end-of-text")
    { DefaultValueFactory = _ => TokenizerWriter.EndOfText, Description = "token that ends a document" };
    private static readonly Option<long> ShardTokens = new("--shard-tokens")
    { DefaultValueFactory = _ => 100_000_000, Description = "tokens per shard" };
    private static readonly Option<int> Threads = new("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount, Description = "threads" };
    private static readonly Option<bool> SkipBad = new("--skip-bad") { Description = "skip bad rows and count them" };
    private static readonly Option<double> MaxBad = new("--max-bad")
    { DefaultValueFactory = _ => PreparationOptions.DefaultMaxBad, Description = "with --skip-bad: the largest share of the rows that may be skipped, 0 to 1" };
    private static readonly Option<int?> Preview = new("--preview")
    { Description = "print this many documents and which parts are learned, one JSON object per line, and write no shards" };
    private static readonly Option<bool> Force = new("--force") { Description = "replace an older folder of shards" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };

    public static Command Create()
    {
        var command = new Command("data", "Turn text, JSON and Parquet into token shards")
        {
            Data, ValidationData, Tokenizer, Output, Include, Format, TextField, PromptField, CompletionField, MessagesField, Packing,
            ValidationFraction, Seed, EndOfText, ShardTokens, Threads, SkipBad, MaxBad, Preview, Force, Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var preparation = new DataPreparation(Options(parse));
        if (parse.GetValue(Preview) is { } count)
        {
            preparation.Preview(count, Console.Out, inColour: !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));
            return 0;
        }
        PreparationReport report = preparation.Run(stop.Token);
        if (parse.GetValue(Json)) Console.WriteLine(report.ToJson());
        else Console.Error.WriteLine($"{report.Documents} documents, {report.Tokens} tokens; validation {report.ValidationDocuments}, {report.ValidationTokens}; "
            + $"{report.Shards} shards, {report.Skipped} rows skipped, {report.MegabytesPerSecond} MB/s, hash {report.Hash}");
        return 0;
    }

    private static PreparationOptions Options(ParseResult parse)
    {
        string[] validation = parse.GetValue(ValidationData) ?? [];
        return new PreparationOptions
        {
            Data = parse.GetRequiredValue(Data),
            ValidationData = validation,
            TokenizerFolder = parse.GetRequiredValue(Tokenizer),
            Output = parse.GetValue(Output) ?? "",
            Include = parse.GetRequiredValue(Include),
            Format = Enum.TryParse(parse.GetValue(Format), ignoreCase: true, out SourceFormat format) ? format : null,
            Fields = new FieldNames(parse.GetRequiredValue(TextField), parse.GetRequiredValue(PromptField),
                parse.GetRequiredValue(CompletionField), parse.GetRequiredValue(MessagesField)),
            Packing = Enum.TryParse(parse.GetValue(Packing), ignoreCase: true, out Packing packing) ? packing : null,
            ValidationFraction = parse.GetValue(ValidationFraction) ?? (validation.Length > 0 ? 0 : DefaultFraction),
            Seed = parse.GetValue(Seed),
            EndOfText = parse.GetRequiredValue(EndOfText),
            ShardTokens = parse.GetValue(ShardTokens),
            Threads = parse.GetValue(Threads),
            SkipBad = parse.GetValue(SkipBad),
            MaxBad = parse.GetValue(MaxBad),
            Preview = parse.GetValue(Preview),
            Force = parse.GetValue(Force),
        };
    }

    private static Option<string> Field(string name) =>
        new($"--{name}-field") { DefaultValueFactory = _ => name, Description = $"field or column to read as \"{name}\"" };

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
