using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Law;

/// <summary><c>parscale law</c>: what N parameters with P streams are worth.</summary>
internal sealed class LawCommand : ExampleCommand
{
    public LawCommand(Terminal terminal, CommonOptions common)
        : base("law", "The parallel scaling law: fit it to losses, predict with it, plot it.")
    {
        Subcommands.Add(new LawFitCommand(terminal, common));
        Subcommands.Add(new LawPredictCommand(terminal, common));
        Subcommands.Add(new LawEquivalentCommand(terminal, common));
        Subcommands.Add(new LawPlotCommand(terminal, common));
    }

    public override string Example => """
          parscale law fit --data pile
          parscale law predict --data stack -n 2.8B -p 4
          parscale law equivalent --data stack -n 1.6B -p 8
          parscale law plot --data my-losses.csv -o law.png
        """;
}
