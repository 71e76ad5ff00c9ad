using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Store;

public class PublishedCommandTests
{
    [Fact]
    public void Lists_all_67_with_what_they_need()
    {
        JsonElement json = Tool.Run("published", "--json").Json();
        JsonElement[] rows = [.. json.GetProperty("checkpoints").EnumerateArray()];
        Assert.Equal(67, rows.Length);
        Assert.True(json.GetProperty("memory_bytes").GetDouble() > 0);
        JsonElement row = rows.Single(row => row.GetProperty("name").GetString() == "ParScale/ParScale-1.8B-P8");
        Assert.Equal(8, row.GetProperty("streams").GetInt32());
        Assert.InRange(row.GetProperty("parameters").GetDouble(), 1.57e9, 1.62e9);
        JsonElement memory = row.GetProperty("memory_bytes");
        Assert.True(memory.GetProperty("bf16").GetDouble() > memory.GetProperty("q8").GetDouble());
        Assert.True(memory.GetProperty("q8").GetDouble() > memory.GetProperty("q4").GetDouble());
    }

    [Fact]
    public void Filters_by_size_streams_and_memory()
    {
        JsonElement Rows(params string[] args) => Tool.Run(["published", "--json", .. args]).Json().GetProperty("checkpoints");
        // 4 of 1.8B, 5 of 3B (2.8B in the paper), 2 of 0.7B.
        Assert.Equal(11, Rows("--size", "1.8B,2.8B,0.7B", "--streams", "2").GetArrayLength());
        JsonElement[] small = [.. Rows("--fits", "--memory", "2GB").EnumerateArray()];
        Assert.NotEmpty(small);
        Assert.True(small.Length < 67);
        Assert.All(small, row => Assert.True(row.GetProperty("memory_bytes").GetProperty("q4").GetDouble() <= 2e9));
        Assert.Contains(small, row => row.GetProperty("fits").GetArrayLength() == 1);
        Assert.Equal(0, Rows("--fits", "--memory", "1MB").GetArrayLength());
    }

    [Fact]
    public void More_context_needs_more_memory()
    {
        double Memory(string context) => Tool.Run("published", "--size", "3B", "--streams", "8", "--context", context, "--json")
            .Json().GetProperty("checkpoints")[0].GetProperty("memory_bytes").GetProperty("q8").GetDouble();
        Assert.True(Memory("2048") > Memory("64") + 1e8);
    }

    [Fact]
    public void Text_has_one_line_each()
    {
        string[] lines = Tool.Run("published", "--size", "1.8B", "--memory", "8GB").Out.Split('\n');
        Assert.Equal(16, lines.Count(line => line.StartsWith("ParScale/", StringComparison.Ordinal)));
        Assert.Contains("bf16 q8 q4", lines[1], StringComparison.Ordinal);
        Assert.Contains("16 of 67 published checkpoints", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_filters_are_one_line()
    {
        Assert.Contains("0.7B", Tool.Run("published", "--size", "7B").Fails(2, "CL-02"), StringComparison.Ordinal);
        Tool.Run("published", "--streams", "9").Fails(2, "CL-02");
        Tool.Run("published", "--memory", "8").Fails(2, "CL-02");
    }
}
