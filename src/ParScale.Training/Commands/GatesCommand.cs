using System.CommandLine;
using System.Globalization;
using ParScale.Checkpoints;
using ParScale.Generation;
using ParScale.Hub;
using ParScale.Plots;
using ParScale.Training.Checkpointing;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using ParScale.Training.Reporting;
using ParScale.Training.Runtime;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train gates</c>: the loss against mean streams per token when the other streams run at some tokens only.</summary>
internal static class GatesCommand
{
    private static readonly Option<string> Model = new("--model", "-m")
    { Required = true, Description = "folder or cached org/name of an anchored model, or of an elastic one that was trained for 1 stream too" };
    private static readonly HeldOutOptions HeldOut = new();
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "picture to write; its name ends in .svg or .png" };
    private static readonly Option<bool> Save = new("--save")
    { Description = "fit the router to all that was measured and keep it in the model's folder, where --streams auto finds it" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object" };

    public static Command Create()
    {
        var command = new Command("gates", "Measure the loss of a model whose streams run at some tokens only: gates by entropy, by a learned router, by chance and by an oracle") { Model };
        HeldOut.AddTo(command);
        command.Options.Add(Output);
        command.Options.Add(Save);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        if (parse.GetValue(Output) is { } path) PictureFile.Check(path);
        NativeTorch.Require();
        string folder = new HubCache().Resolve(parse.GetRequiredValue(Model));
        bool saves = parse.GetValue(Save);
        if (saves && !Directory.Exists(parse.GetRequiredValue(Model)))
            throw ParScaleException.Usage("TR-10", "--save needs a folder: a model in the hub's cache stays as it was fetched");
        using ParScaleLm model = ModelFolder.Load(folder);
        if (!model.Config.Streams.CanRest)
            throw ParScaleException.Usage("TR-22", $"{ParScaleException.Quote(folder)} has no stream that answers alone; give an anchored model, or an elastic one trained for 1 stream too");
        GateTokens measured = HeldOut.Use(parse, [folder], model.Config.Model, heldOut => GateTokens.Measure(model, heldOut));
        GateCurves curves = GateCurves.Of(model.Config.Streams.Count, measured);
        if (parse.GetValue(Json)) Console.WriteLine(curves.ToJson());
        else Write(curves);
        if (parse.GetValue(Output) is { } picture)
        {
            PictureFile.Write(GatePicture.Draw(curves), picture);
            Console.Error.WriteLine($"wrote {picture}");
        }
        // Last, so that what was measured is seen even if no router can be kept.
        if (saves) Keep(folder, measured);
        return 0;
    }

    private static void Keep(string folder, GateTokens measured)
    {
        StreamRouter[] routers = [.. measured.Losses.Keys.Order().Select(streams => GateRouter.Fit(streams, measured.Plain, measured.Gains(streams)))];
        string name = ParScaleException.Quote(Path.Combine(folder, StreamGateFile.Name));
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(folder);
            StreamGateFile.Write(folder, checkpoint, routers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "IO-01", $"{name}: cannot be written ({e.Message.ReplaceLineEndings(" ")}); check the folder's permissions and the free space", e);
        }
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {name}: a router of {string.Join(" and ", routers.Select(router => router.Streams))} streams, fitted to {measured.Plain.Count} tokens"));
    }

    private static void Write(GateCurves curves)
    {
        Console.WriteLine("streams per token  threshold  entropy gate  router gate  random gate  oracle gate");
        foreach (GatePoint point in curves.Points)
        {
            string threshold = point.Threshold is { } nats ? nats.ToString("F3", CultureInfo.InvariantCulture) : "-";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{point.MeanStreams,17:F2}  {threshold,9}  {point.Entropy,12:F4}  {point.Router,11:F4}  {point.Random,11:F4}  {point.Oracle,11:F4}"));
        }
        (double mean, double low, double high) = curves.RouterGain;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"router against entropy, mean over the rates: {mean:F5} nats per token lower (95 % interval {low:F5} to {high:F5})"));
    }
}
