using System.CommandLine;
using System.Globalization;
using ParScale.Configuration;
using ParScale.Hub;
using ParScale.Training.Checkpointing;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using ParScale.Training.Runtime;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train ceiling</c>: what independently trained models gain by the mean of their probabilities.</summary>
internal static class CeilingCommand
{
    private static readonly Argument<string[]> Models = new("models")
    { Arity = ArgumentArity.OneOrMore, HelpName = "MODEL", Description = $"2 to {Ceiling.MostModels} model folders that differ in their seed, such as run/final" };
    private static readonly HeldOutOptions HeldOut = new();
    private static readonly Option<double> Irreducible = new("--irreducible-loss") { Description = "irreducible loss E of the scaling law in nats per token, used to compute rho" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object" };

    public static Command Create()
    {
        var command = new Command("ceiling", "Measure what independently trained models gain by averaging their probabilities") { Models };
        HeldOut.AddTo(command);
        command.Options.Add(Irreducible);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        NativeTorch.Require();
        string[] folders = [.. parse.GetRequiredValue(Models).Select(new HubCache().Resolve)];
        if (folders.Length is < 2 or > Ceiling.MostModels) throw ParScaleException.Usage("TR-10", $"ceiling needs 2 to {Ceiling.MostModels} models, not {folders.Length}");
        ParScaleLm[] models = [.. folders.Select(folder => ModelFolder.Load(folder))];
        ModelConfig first = models[0].Config.Model;
        if (Array.FindIndex(models, model => model.Config.Model.VocabularySize != first.VocabularySize) is > 0 and var other)
            throw ParScaleException.Usage("TR-22", $"{ParScaleException.Quote(folders[other])} has another vocabulary than {ParScaleException.Quote(folders[0])}; give models of one tokenizer");
        Ceiling ceiling = HeldOut.Use(parse, folders, models.Select(model => model.Config.Model).MinBy(model => model.MaxPositions)!,
            heldOut => Ceiling.Measure(models, heldOut, parse.GetValue(Irreducible)));
        foreach (ParScaleLm model in models) model.Dispose();
        if (parse.GetValue(Json)) Console.WriteLine(ceiling.ToJson());
        else Write(folders, ceiling);
        return 0;
    }

    private static void Write(string[] folders, Ceiling ceiling)
    {
        for (int k = 0; k < folders.Length; k++) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ceiling.Losses[k]:F4}  {folders[k]}"));
        for (int k = 1; k <= folders.Length; k++)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ceiling.AverageLosses[k - 1]:F4}  mean of {k}, over all choices of {k}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rho {ceiling.Rho:F4}, gain {ceiling.Gain:F4} nats per token of {ceiling.Tokens}"));
    }
}
