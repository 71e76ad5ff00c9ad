using System.CommandLine;
using System.Globalization;
using ParScale.Training.Sweeps;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train compare</c>: the arms of a sweep side by side, with paired differences to one of them.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string> Folder = new("sweep") { Description = "folder of a sweep, finished or not, or a results.csv" };
    private static readonly Option<string> Baseline = new("--baseline") { Required = true, Description = "arm to compare with: the name of its runs without the seed" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object" };

    public static Command Create()
    {
        var command = new Command("compare", "Compare the arms of a sweep: rho, streams alone, gain of mixing, paired differences") { Folder, Baseline, Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        ArmComparison comparison = ArmComparison.Read(parse.GetRequiredValue(Folder), parse.GetRequiredValue(Baseline));
        if (parse.GetValue(Json))
        {
            Console.WriteLine(comparison.ToJson());
            return 0;
        }
        int width = Math.Max("arm".Length, comparison.Arms.Max(arm => arm.Name.Length));
        Console.WriteLine($"{"arm".PadRight(width)}  seeds    loss      rho  cosine  best alone  worst alone    gain  less {comparison.Baseline} [95 % interval] p (Holm)");
        foreach (ArmRow arm in comparison.Arms)
        {
            string line = string.Create(CultureInfo.InvariantCulture,
                $"{arm.Name.PadRight(width)}  {arm.Seeds,5}  {arm.Loss:F4}  {arm.Rho,7:F4}  {arm.Cosine,6:F3}  {arm.BestStream,10:F4}  {arm.WorstStream,11:F4}  {arm.Gain,6:F4}");
            if (arm.Difference is { } d)
            {
                line += d.Low is null
                    ? string.Create(CultureInfo.InvariantCulture, $"  {d.Mean:+0.0000;-0.0000}")
                    : string.Create(CultureInfo.InvariantCulture, $"  {d.Mean:+0.0000;-0.0000} [{d.Low:+0.0000;-0.0000}, {d.High:+0.0000;-0.0000}] p {d.P:F3} ({d.HolmP:F3})");
            }
            if (arm.Elastic is { } elastic) line += "  " + string.Join(' ', elastic.Select(cut => string.Create(CultureInfo.InvariantCulture, $"P{cut.Streams} {cut.Loss:F4}")));
            Console.WriteLine(line.TrimEnd());
        }
        return 0;
    }
}
