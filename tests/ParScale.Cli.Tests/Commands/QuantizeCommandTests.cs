using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class QuantizeCommandTests(TinyModel model)
{
    [Theory]
    [InlineData("q8", 0.02)]
    [InlineData("q4", 0.2)]
    public void The_new_folder_runs_in_its_own_type(string type, double most)
    {
        using var folder = new TempFolder();
        string made = folder.File("made");
        JsonElement json = Tool.Run("quantize", "-m", model.Folder, "--dtype", type, "-o", made, "--json").Json();
        Assert.Equal(type, json.GetProperty("dtype").GetString());
        Assert.Equal(new FileInfo(Path.Combine(made, "model.safetensors")).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(2 * 7 + 2, json.GetProperty("tensors").GetArrayLength());
        Assert.InRange(json.GetProperty("worst_relative_error").GetDouble(), 1e-4, most);
        double source = Nll(model.Folder, "--dtype", type);
        Assert.Equal(source, Nll(made));
        Assert.Equal(source, Nll(made, "--dtype", type));
        Assert.StartsWith("the", Tool.Run("generate", "-m", made, "-p", "the", "-n", "3", "--temp", "0").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_shows_what_the_folder_is_and_what_its_type_takes()
    {
        using var folder = new TempFolder();
        string made = folder.File("made");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q4", "-o", made, "--json").Json();
        JsonElement before = Tool.Run("inspect", "-m", model.Folder, "--json").Json(), after = Tool.Run("inspect", "-m", made, "--json").Json();
        Assert.Equal("q4", after.GetProperty("dtype").GetString());
        JsonProperty only = Assert.Single(after.GetProperty("memory_bytes").EnumerateObject());
        Assert.Equal(("q4", before.GetProperty("memory_bytes").GetProperty("q4").GetInt64()), (only.Name, only.Value.GetInt64()));
        // It keeps keys and values in half the bytes.
        Assert.Equal(before.GetProperty("kv_bytes_per_token").GetInt64(), 2 * after.GetProperty("kv_bytes_per_token").GetInt64());
        Assert.Equal(before.GetProperty("parameters").GetRawText(), after.GetProperty("parameters").GetRawText());
    }

    [Fact]
    public void Text_says_what_was_made()
    {
        using var folder = new TempFolder();
        Outcome outcome = Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "--output", folder.File("made"));
        Assert.Equal(0, outcome.Exit);
        Assert.Equal("", outcome.Error);
        Assert.Contains("times smaller", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("relative error of 16 matrices", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_arguments_are_one_line()
    {
        using var folder = new TempFolder();
        string made = folder.File("made");
        Tool.Run("quantize", "-m", model.Folder, "-o", made).Fails(2, "CL-02");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8").Fails(2, "CL-02");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "bf16", "-o", made).Fails(2, "CL-02");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "-o", "").Fails(2, "QZ-01");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "-o", folder.File("no/such/made")).Fails(4, "IO-01");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Damage_is_exit_6_and_another_type_exit_2()
    {
        using var folder = new TempFolder();
        string made = folder.File("made"), weights = Path.Combine(made, "model.safetensors");
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "-o", made, "--json").Json();
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "-o", made).Fails(2, "QZ-01");
        Tool.Run("quantize", "-m", made, "--dtype", "q4", "-o", folder.File("more")).Fails(2, "QZ-03");
        Tool.Run("score", "-m", made, "--tokens", "1,2,3", "--dtype", "q4").Fails(2, "QZ-04");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 4;
        File.WriteAllBytes(weights, bytes);
        Assert.Contains("parscale quantize", Tool.Run("score", "-m", made, "--tokens", "1,2,3").Fails(6, "QC-05"), StringComparison.Ordinal);
        Tool.Run("quantize", "-m", model.Folder, "--dtype", "q8", "-o", made, "--force", "--json").Json();
        Assert.True(double.IsFinite(Nll(made)));
    }

    private static double Nll(string folder, params string[] options) =>
        Tool.Run(["score", "-m", folder, "--tokens", "5,6,7,8,9,10", "--json", .. options]).Json().GetProperty("nll").GetDouble();
}
