using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Conversion;

public sealed class ConverterTests
{
    private static readonly ConvertOptions Options = new()
    {
        Streams = 3,
        PrefixTokens = 6,
        Smoothing = 0.1,
        Init = StreamInit.Keep,
        Seed = 1,
        MeasuredTokens = 1000,
    };

    [Theory]
    [InlineData(TensorType.F32, true, false)]
    [InlineData(TensorType.BF16, false, false)]
    [InlineData(TensorType.F16, true, true)]
    [InlineData(TensorType.F32, false, true)]
    public void The_backbone_stays_bit_for_bit_whatever_its_type_and_files(TensorType type, bool tied, bool sharded)
    {
        using var folder = new TempFolder();
        Plain(folder.File("plain"), type, tied, sharded);
        ConvertReport report = Converter.AddStreams(folder.File("plain"), folder.File("new"), Options);

        using Checkpoint before = Checkpoint.Open(folder.File("plain")), after = Checkpoint.Open(folder.File("new"));
        Assert.Equal(3, after.Config.Streams.Count);
        Assert.Equal(6, after.Config.Streams.PrefixTokens);
        Assert.Equal(0.1, after.Config.Streams.Smoothing);
        Assert.Equal(after.Config.Parameters - before.Config.Parameters, report.ParametersAdded);
        Assert.Equal(BackboneHash.Of(before), BackboneHash.Of(after));
        Assert.Equal(type, after.Get("model.layers.1.self_attn.prefix_v").Info.Type);
        JsonNode config = JsonNode.Parse(File.ReadAllText(folder.File("new/config.json")))!;
        Assert.Equal("kept", config["my_own_key"]!.GetValue<string>());
        Assert.Null(config["auto_map"]);
        Assert.Equal("{}", File.ReadAllText(folder.File("new/tokenizer_config.json")));
        using LanguageModel model = LanguageModel.Load(folder.File("new"));
        Assert.All(model.Logits([1, 2, 3], TestContext.Current.CancellationToken).Last, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void The_papers_streams_are_those_of_a_model_made_from_scratch()
    {
        using var folder = new TempFolder();
        Plain(folder.File("plain"), TensorType.F32, tied: true, sharded: false);
        Converter.AddStreams(folder.File("plain"), folder.File("new"), Options with { Init = StreamInit.Paper, Seed = 4 });
        using ParScaleLm converted = ModelFolder.Load(folder.File("new"));
        using var fresh = new ParScaleLm(converted.Config, seed: 4);
        var expected = fresh.state_dict();
        foreach ((string name, long[] _) in ModelTensors.Expected(converted.Config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)))
            Assert.True(expected[name].equal(converted.state_dict()[name]).all().item<bool>(), name);
    }

    // From the part of the plays that the embedded model was not trained on: what it knows by heart suffers more from any change.
    private const string HeldOut = """
            GREMIO:
            Good morrow, neighbour Baptista.

            BAPTISTA:
            Good morrow, neighbour Gremio.
            God save you, gentlemen!

            PETRUCHIO:
            And you, good sir! Pray, have you not a daughter
            Call'd Katharina, fair and virtuous?

            BAPTISTA:
            I have a daughter, sir, called Katharina.

            GREMIO:
            You are too blunt: go to it orderly.

            PETRUCHIO:
            You wrong me, Signior Gremio: give me leave.
            I am a gentleman of Verona, sir,

            """;

    [Theory]
    [InlineData("keep", 0.5)]
    [InlineData("paper", 5)]
    public void The_loss_of_the_embedded_model_jumps_by_no_more_than_promised(string init, double most)
    {
        using var folder = new TempFolder();
        Converter.Slice(EmbeddedModel.Folder(), folder.File("plain"), 1);
        ConvertReport report = Converter.AddStreams(folder.File("plain"), folder.File("new"), Options with
        {
            PrefixTokens = 48,
            Init = Enum.Parse<StreamInit>(init, ignoreCase: true),
            Text = HeldOut,
        });
        Assert.InRange(Math.Abs(report.JumpPercent!.Value), 0, most);
        Assert.Contains("\"jump_percent\":", report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_text_the_model_writes_one_itself()
    {
        using var folder = new TempFolder();
        Converter.Slice(EmbeddedModel.Folder(), folder.File("plain"), 1);
        ConvertReport report = Converter.AddStreams(folder.File("plain"), folder.File("new"), Options);
        Assert.Null(report.LossBefore);
        Assert.InRange(report.PrefixShare!.Value, 1e-6, 0.2);
    }

    [Theory]
    [InlineData("there", "plain", "CV-01")]
    [InlineData("new", "streams", "CV-03")]
    public void What_cannot_be_converted_is_refused(string output, string source, string code)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("there"));
        Plain(folder.File("plain"), TensorType.F32, tied: true, sharded: false);
        if (source == "streams") Converter.AddStreams(folder.File("plain"), folder.File("streams"), Options with { Init = StreamInit.Paper });
        var problem = Assert.Throws<ParScaleException>(() => Converter.AddStreams(folder.File(source), folder.File(output), Options));
        Assert.Equal(code, problem.Code);
        Assert.False(Directory.Exists(folder.File("new")));
    }

    [Fact]
    public void A_disk_that_refuses_leaves_nothing_behind()
    {
        using var folder = new TempFolder();
        Plain(folder.File("plain"), TensorType.F32, tied: true, sharded: false);
        var problem = Assert.Throws<ParScaleException>(
            () => Converter.AddStreams(folder.File("plain"), folder.File("no/new"), Options with { Init = StreamInit.Paper }));
        Assert.Equal(("IO-01", ErrorKind.Io), (problem.Code, problem.Kind));
        Assert.Equal([folder.File("plain")], Directory.GetFileSystemEntries(folder.File(".")).Select(p => Path.GetFullPath(p)));
    }

    [Fact]
    public void The_command_line_names_what_is_out_of_range()
    {
        using var folder = new TempFolder();
        string[] convert = ["convert", "-m", folder.File("plain"), "-o", folder.File("new")];
        Assert.Equal(2, CommandLine.Run([.. convert, "--streams", "1"]));
        Assert.Equal(2, CommandLine.Run([.. convert, "--init", "zero"]));
        Assert.Equal(3, CommandLine.Run(convert));
        Plain(folder.File("plain"), TensorType.BF16, tied: true, sharded: false);
        Assert.Equal(0, CommandLine.Run([.. convert, "--init", "paper", "--streams", "2"]));
        Assert.Equal(2, CommandLine.Run([.. convert, "--merge"]));
    }

    private static void Plain(string path, TensorType type, bool tied, bool sharded)
    {
        Directory.CreateDirectory(path);
        using var model = new ParScaleLm(RandomCheckpoint.Config(1, tied: tied), seed: 3);
        ModelFolder.Save(model, path, TensorType.F32, tokenizerFolder: path);
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "config.json")))!;
        config["my_own_key"] = "kept";
        config["auto_map"] = new JsonObject { ["AutoModel"] = "code.Model" };
        File.WriteAllText(Path.Combine(path, "config.json"), config.ToJsonString());
        File.WriteAllText(Path.Combine(path, "tokenizer_config.json"), "{}");
        File.Delete(Path.Combine(path, "model.safetensors"));
        TensorToWrite[] tensors = [.. model.named_parameters().Select(p => TensorBytes.Write(p.name, p.parameter, type))];
        if (!sharded)
        {
            SafetensorsWriter.Write(Path.Combine(path, "model.safetensors"), tensors);
            return;
        }
        SafetensorsWriter.Write(Path.Combine(path, "a.safetensors"), tensors[..5]);
        SafetensorsWriter.Write(Path.Combine(path, "b.safetensors"), tensors[5..]);
        var map = new JsonObject(tensors.Select((t, i) => KeyValuePair.Create(t.Name, (JsonNode?)(i < 5 ? "a.safetensors" : "b.safetensors"))));
        File.WriteAllText(Path.Combine(path, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }
}
