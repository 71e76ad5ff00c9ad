using System.CommandLine;
using System.Globalization;
using ParScale.Hub;
using ParScale.Training.Conversion;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train slice</c>: the first P' streams of an elastic model as a folder of their own.</summary>
internal static class SliceCommand
{
    private static readonly Option<string> Model = new("--model", "-m") { Required = true, Description = "folder or cached org/name of an elastic model" };
    private static readonly Option<int> Streams = new("--streams") { Required = true, Description = "P', one of the numbers of streams that the model was trained for; 1 is the plain model" };
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "output folder" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };

    public static Command Create()
    {
        var command = new Command("slice", "Write the first streams of an elastic model as a model of its own") { Model, Streams, Output, Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        ConvertReport report = Converter.Slice(new HubCache().Resolve(parse.GetRequiredValue(Model)), parse.GetRequiredValue(Output), parse.GetValue(Streams));
        if (parse.GetValue(Json)) Console.WriteLine(report.ToJson());
        else Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Folder}: {report.Streams} of the model's streams"));
        return 0;
    }
}
