using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Configuration;
using ParScale.Inspection;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale inspect</c>: what a folder, a file or a model of the hub is, and all of it that is not supported; nothing is loaded.</summary>
internal sealed class InspectCommand : ExampleCommand
{
    private readonly ModelFolderOption _model = new();
    private readonly StreamOptions _streams = new(mayRest: false);

    public InspectCommand(Terminal terminal, CommonOptions common)
        : base("inspect", "Say what a folder or a model of the hub is: shape, parameters, memory, tokenizer, and all that is not supported. No weights are loaded.")
    {
        _model.AddTo(this);
        _streams.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale inspect
          parscale inspect -m my-model --json
          parscale inspect -m ParScale/ParScale-1.8B-P4
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        string? given = _model.Given(parse);
        using ModelInspection inspection = given is null ? ModelInspection.Of(EmbeddedModel.Folder()) : ModelFolderOption.Inspect(given, terminal);
        CheckpointConfig? config = inspection.Config?.WithStreams(_streams.Count(parse));
        InspectResult result = InspectResult.Of(inspection, config);
        if (json) terminal.WriteJson(result, CliJson.Readable.InspectResult);
        else InspectText.Write(result, terminal.Out);
        if (inspection.Unsupported.Count == 0) return 0;
        // The report is whole before the one line on standard error, which gives the exit code.
        terminal.Out.Flush();
        throw inspection.Unsupported[0].Fault.Error;
    }
}
