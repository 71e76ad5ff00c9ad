using ParScale.Training.Commands;
using ParScale.Training.Reporting;

namespace ParScale.Training.Tests.Reporting;

public sealed class CurvesTests
{
    [Theory]
    [InlineData("a.svg", "<?xml")]
    [InlineData("a.html", "<!DOCTYPE html>")]
    [InlineData("a.PNG", "PNG")]
    public void Runs_are_drawn_in_every_format(string name, string begin)
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "one")));
        Assert.True(File.Exists(folder.File("one/curves.svg")));
        foreach (string[] runs in (string[][])[["one"], ["one", "one"]])
        {
            Assert.Equal(0, CommandLine.Run(["plot", .. runs.Select(run => folder.File(run)), "-o", folder.File(name)]));
            string head = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(folder.File(name)).AsSpan(0, 200));
            Assert.Contains(begin, head, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.GetFiles(folder.Path, ".unfinished-*"));
    }

    [Fact]
    public void A_log_that_is_not_there_or_damaged_or_new_is_named()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("run"));
        string log = folder.File("run/log.jsonl");
        const string Row = "{\"step\":10,\"tokens\":160,\"train_loss\":3,\"learning_rate\":1e-3,\"gradient_norm\":1,\"tokens_per_second\":9,\"elapsed_seconds\":1}\n";
        Assert.Equal("RP-01", Code(folder));
        File.WriteAllText(log, "{}\n{\"st");
        Assert.Equal("RP-03", Code(folder));
        File.WriteAllText(log, "{}\n" + Row + "{\"st\n" + Row);
        Assert.Equal("RP-02", Code(folder));
        // The last line may be half written.
        File.WriteAllText(log, "{}\n" + Row + "{\"st");
        Assert.Equal(10, Assert.Single(RunCurves.Read(folder.File("run")).Rows).Step);
    }

    [Fact]
    public void A_picture_that_cannot_be_drawn_is_said_once_and_the_run_goes_on()
    {
        using var folder = new TempFolder();
        var curves = new CurvesFile(folder.File("none"));
        string shown = ProgressLineTests.Captured(() =>
        {
            curves.Refresh(atEnd: false);
            curves.Refresh(atEnd: true);
        });
        Assert.StartsWith("curves.svg is not drawn: ", shown, StringComparison.Ordinal);
        Assert.Single(shown.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.002, "0.002")]
    [InlineData(0.00002, "2E-5")]
    [InlineData(0.99985, "0.99985")]
    [InlineData(999, "999")]
    [InlineData(1500, "1.5k")]
    [InlineData(-2_500_000, "-2.5M")]
    [InlineData(4e9, "4G")]
    [InlineData(1e13, "1E13")]
    public void Labels_are_short(double value, string expected) => Assert.Equal(expected, CurvePanel.Short(value));

    private static string Code(TempFolder folder) => Assert.Throws<ParScaleException>(() => RunCurves.Read(folder.File("run"))).Code;
}
