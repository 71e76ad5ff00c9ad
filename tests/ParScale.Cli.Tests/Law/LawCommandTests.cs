using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Law;

public class LawCommandTests
{
    private static readonly byte[] PngStart = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Theory]
    [InlineData("2.8e9")]
    [InlineData("2.8B")]
    [InlineData("2800M")]
    [InlineData("2800000000")]
    public void Predict_gives_the_published_example(string n)
    {
        JsonElement json = Tool.Run("law", "predict", "--data", "stack", "-n", n, "-p", "4", "--json").Json();
        Assert.Equal(1.01548, json.GetProperty("loss").GetDouble(), 1e-4);
        Assert.Equal(4.33e9, json.GetProperty("equivalent_n").GetDouble(), 0.005e9);
        Assert.Equal((2.8e9, 4), (json.GetProperty("n").GetDouble(), json.GetProperty("p").GetInt32()));
        Assert.Equal(0, json.GetProperty("notes").GetArrayLength());
    }

    [Fact]
    public void Predict_with_a_file_fits_it_first()
    {
        using var folder = new TempFolder();
        string file = folder.Write("small.csv", "n,p,loss\n1e5,1,3\n1e6,1,2.5\n1e7,1,2.25\n1e6,4,2.4\n1e7,4,2.2\n1e5,4,2.8\n");
        double loss = Tool.Run("law", "predict", "--data", file, "--n", "1M", "--p", "2", "--json").Json().GetProperty("loss").GetDouble();
        Assert.InRange(loss, 2.4, 2.5);
    }

    [Fact]
    public void Questions_beyond_the_data_are_answered_with_a_note()
    {
        Outcome run = Tool.Run("law", "predict", "--data", "pile", "-n", "70B", "-p", "16");
        Assert.Equal(0, run.Exit);
        Assert.Contains("no data have p above 8", run.Error, StringComparison.Ordinal);
        Assert.Contains("70B is outside", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Equivalent_goes_to_the_plain_model_and_back()
    {
        JsonElement plain = Tool.Run("law", "equivalent", "--data", "stack", "-n", "1.6B", "-p", "8", "--json").Json();
        double n = plain.GetProperty("equivalent_n").GetDouble();
        Assert.Equal(1.6e9 * (1 + (0.3935 * Math.Log(8))), n, 1e3);
        JsonElement back = Tool.Run("law", "equivalent", "--data", "stack", "-n", n.ToString("R", null), "--to-streams", "8", "--json").Json();
        Assert.Equal(1.6e9, back.GetProperty("equivalent_n").GetDouble(), 1);
        Assert.Equal([1, 2, 4, 8], back.GetProperty("same_loss").EnumerateArray().Select(model => model.GetProperty("p").GetInt32()));
        Assert.StartsWith("1.6B with P = 8 equals 2.909B with P = 1: loss 1.0", Tool.Run("law", "equivalent", "--data", "stack", "-n", "1.6B", "-p", "8").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loss")]
    [InlineData("contours")]
    public void Plots_are_written_as_png_and_svg(string kind)
    {
        using var folder = new TempFolder();
        string png = Path.Combine(folder.Path, "law.png"), svg = Path.Combine(folder.Path, "law.SVG");
        JsonElement json = Tool.Run("law", "plot", "--data", "pile", "--kind", kind, "-o", png, "--json").Json();
        Assert.Equal((kind, png, 900), (json.GetProperty("kind").GetString(), json.GetProperty("file").GetString(), json.GetProperty("width").GetInt32()));
        Assert.Equal(PngStart, File.ReadAllBytes(png)[..4]);
        Assert.Equal(0, Tool.Run("law", "plot", "--data", "pile", "--kind", kind, "-o", svg).Exit);
        Assert.Contains("<svg", File.ReadAllText(svg), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void Plots_of_tiny_models_and_narrow_ranges_are_drawn()
    {
        using var folder = new TempFolder();
        string file = folder.Write("narrow.csv", "n,p,loss\n110K,1,3\n140K,1,2.9\n180K,1,2.8\n115K,3,2.9\n145K,3,2.8\n");
        foreach (string kind in new[] { "loss", "contours" })
            Assert.Equal(0, Tool.Run("law", "plot", "--data", file, "--kind", kind, "-o", Path.Combine(folder.Path, kind + ".png")).Exit);
    }

    [Theory]
    [InlineData("-n needs a number of parameters", "predict", "--data", "pile", "-n", "-5")]
    [InlineData("-n needs a number of parameters", "predict", "--data", "pile", "-n", "NaN")]
    [InlineData("-n: \"2.8GB\" has a unit that is not", "predict", "--data", "pile", "-n", "2.8GB")]
    [InlineData("-n: \"big\" is not a number", "predict", "--data", "pile", "-n", "big")]
    [InlineData("-p needs a whole number", "predict", "--data", "pile", "-n", "1B", "-p", "0")]
    [InlineData("no model size given", "predict", "--data", "pile")]
    [InlineData("no losses given", "predict", "-n", "1B")]
    [InlineData("no output file", "plot", "--data", "pile")]
    [InlineData("the name must end in .png or .svg", "plot", "--data", "pile", "-o", "law.jpg")]
    [InlineData("--kind is loss or contours", "plot", "--data", "pile", "-o", "law.png", "--kind", "pie")]
    [InlineData("give a command: fit, predict, equivalent, plot; `parscale law --help`")]
    public void Usage_errors_say_what_to_give(string message, params string[] args) =>
        Assert.Contains(message, Tool.Run(["law", .. args]).Fails(2, "CL-02"), StringComparison.Ordinal);

    [Fact]
    public void Misspelt_commands_and_options_are_corrected()
    {
        Assert.Contains("did you mean predict?", Tool.Run("law", "predct").Fails(2, "CL-01"), StringComparison.Ordinal);
        Assert.Contains("--data comes after the command: parscale law fit --data", Tool.Run("law", "--data", "pile", "fit").Fails(2, "CL-01"), StringComparison.Ordinal);
        Assert.Contains("did you mean --data?", Tool.Run("law", "fit", "--dat", "pile").Fails(2, "CL-01"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_that_cannot_be_written_leaves_nothing_behind()
    {
        using var folder = new TempFolder();
        Tool.Run("law", "plot", "--data", "pile", "-o", Path.Combine(folder.Path, "none", "law.png")).Fails(4, "IO-01");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
