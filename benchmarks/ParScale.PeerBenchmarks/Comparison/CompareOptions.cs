using System.Globalization;
using ParScale.ScalingLaws.Cost;

namespace ParScale.PeerBenchmarks.Comparison;

/// <summary>What to compare: names and values of the command line.</summary>
internal sealed record CompareOptions
{
    /// <summary>The command line in short.</summary>
    public const string Usage = "usage: compare-peers.sh [--shape NAME] [--dtype q8,q4] [--streams 1,2,4,8] [--rounds N] [--steps N] [--prompt N] [--context N] [--avx2]";

    public ModelShape Shape { get; private init; } = PublishedShapes.Find("1.8B")!;

    /// <summary>q8 or q4.</summary>
    public string[] Formats { get; private init; } = ["q8", "q4"];

    public int[] Streams { get; private init; } = [1, 2, 4, 8];

    /// <summary>Both sides run once in each.</summary>
    public int Rounds { get; private init; } = 3;

    /// <summary>Decode steps of each side in a round.</summary>
    public int Steps { get; private init; } = 8;

    public int Prompt { get; private init; } = 512;

    public int Context { get; private init; } = 64;

    /// <summary>Both sides without AVX-512.</summary>
    public bool Avx2 { get; private init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">It cannot be understood.</exception>
    public static CompareOptions Parse(IReadOnlyList<string> args)
    {
        var options = new CompareOptions();
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] == "--avx2")
            {
                options = options with { Avx2 = true };
                continue;
            }
            string name = args[i], value = ++i < args.Count ? args[i] : throw new FormatException($"{name} needs a value");
            options = name switch
            {
                "--shape" => options with { Shape = PublishedShapes.Find(value) ?? throw new FormatException($"--shape {value} is not a published shape") },
                "--dtype" => options with { Formats = Formatted(value) },
                "--streams" => options with { Streams = [.. value.Split(',').Select(count => Number(name, count, 1))] },
                "--rounds" => options with { Rounds = Number(name, value, 1) },
                "--steps" => options with { Steps = Number(name, value, 1) },
                "--prompt" => options with { Prompt = Number(name, value, 0) },
                "--context" => options with { Context = Number(name, value, 0) },
                _ => throw new FormatException($"{name} is not an option"),
            };
        }
        return options;
    }

    private static string[] Formatted(string value)
    {
        string[] formats = value.Split(',');
        return formats.All(format => format is "q8" or "q4") ? formats : throw new FormatException($"--dtype {value}: q8 and q4 are compared");
    }

    private static int Number(string name, string value, int least) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least
            ? number
            : throw new FormatException($"{name} {value} is not a whole number from {least}");
}
