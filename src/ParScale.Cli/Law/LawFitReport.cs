using System.Globalization;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary>The text of <c>parscale law fit</c>.</summary>
internal static class LawFitReport
{
    private const int Width = 110;

    public static void Write(LawFitResult fit, Terminal terminal)
    {
        TextWriter output = terminal.Out;
        Line(output, $"L(N, P) = E + (A / (N (1 + k ln P)))^alpha, nats per token; {fit.Data}, {fit.Points} points, R2 {fit.R2:F4}");
        output.WriteLine();
        WriteParameters(fit, output);
        WriteResiduals(fit, output);
        WriteForms(fit, output);
        output.WriteLine();
        foreach (string sentence in fit.OpenQuestions) Wrap(sentence, output);
        foreach (string note in fit.Notes) terminal.Note(note);
    }

    private static void WriteParameters(LawFitResult fit, TextWriter output)
    {
        if (fit.Intervals is { } between)
            Line(output, $"                     {100 * between.Level:F0} % interval ({between.Samples} repetitions, seed {between.Seed})");
        Parameter("E", fit.E, "F4", fit.Intervals?.E);
        Parameter("A", fit.A, "0.0000e+0", fit.Intervals?.A);
        Parameter("alpha", fit.Alpha, "F4", fit.Intervals?.Alpha);
        Parameter("k", fit.K, "F4", fit.Intervals?.K);

        void Parameter(string name, double value, string format, LawFitInterval? interval)
        {
            string range = interval is null ? "" : $"{End(interval.Low, format)} to {End(interval.High, format)}";
            Line(output, $"{name,-6} {value.ToString(format, CultureInfo.InvariantCulture),11}   {range}".TrimEnd());
        }
    }

    private static string End(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "without end";

    private static void WriteResiduals(LawFitResult fit, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("             N     P     loss   predicted     error");
        foreach (LawFitResidual at in fit.Residuals)
            Line(output, $"{ParameterCount.Format(at.N),14} {at.P,5} {at.Loss,8:F4} {at.Predicted,11:F4} {at.Error,9:+0.0000;-0.0000}");
    }

    private static void WriteForms(LawFitResult fit, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("form              R2     AICc      BIC   one left out   formula");
        foreach (LawFitForm form in fit.Forms)
        {
            Line(output, $"{form.Name,-12} {form.R2,7:F4} {form.Aicc,8:F1} {form.Bic,8:F1} {form.CrossValidation,14:F4}   {form.Formula}");
            IEnumerable<string> parameters = form.Parameters.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:G5}"));
            Line(output, $"             {string.Join(", ", parameters)}");
            foreach (HeldOut held in form.Extrapolation)
                Line(output, $"             left out {held.What}: error {held.RmsError:F4}, at worst {held.WorstError:F4}");
        }
    }

    private static void Wrap(string sentence, TextWriter output)
    {
        var line = new System.Text.StringBuilder();
        foreach (string word in sentence.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line);
                line.Clear();
            }
            if (line.Length > 0) line.Append(' ');
            line.Append(word);
        }
        output.WriteLine(line);
    }

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Line(TextWriter output, string line) => output.WriteLine(line);
}
