using System.Text.Json;

namespace ParScale.Training.Tests.Evaluation;

public sealed class CeilingCommandTests
{
    [Fact]
    public void What_any_of_the_models_was_trained_on_is_not_measured()
    {
        using var folder = new TempFolder();
        foreach (string fraction in (string[])["0.1", "0.3"])
            Assert.Equal(0, InProcess.Run(Samples.Run(folder, fraction, ("--streams", "1"), ("--steps", "2"), ("--val-fraction", fraction))).ExitCode);
        string little = folder.File("0.1/final"), much = folder.File("0.3/final");
        (long tokens, _) = Measured(little, much);
        (long turned, string error) = Measured(much, little);
        Assert.Equal(tokens, turned);
        Assert.DoesNotContain("note", error, StringComparison.Ordinal);
        (long more, error) = Measured(much, little, "--val-fraction", "0.2");
        Assert.True(more > tokens);
        Assert.Contains($"held out 0.1 of its text, --val-fraction 0.2 is more", error, StringComparison.Ordinal);

        (long Tokens, string Error) Measured(params string[] words)
        {
            (int exitCode, string output, string error) = Trained.Run(["ceiling", .. words, "--data", folder.File("text.txt"), "--json"]);
            Assert.True(exitCode == 0, error);
            using JsonDocument result = JsonDocument.Parse(output);
            return (result.RootElement.GetProperty("tokens").GetInt64(), error);
        }
    }
}
