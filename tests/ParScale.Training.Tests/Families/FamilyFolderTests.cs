using System.Text.Json.Nodes;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Families;

/// <summary>What is saved of a family is what its files are: their names, their keys, their bytes.</summary>
public sealed class FamilyFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string, int> Random => FamilyCases.Random;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Random))]
    public void A_loaded_model_is_saved_as_it_was(string name, int streams)
    {
        FamilyConfigs.Write(_folder.File("source"), name, streams, seed: 4);
        AssertSavedAsItWas();
        JsonNode source = Config("source"), saved = Config("saved");
        saved.AsObject().Remove("torch_dtype");
        saved.AsObject().Remove("architectures");
        Assert.True(JsonNode.DeepEquals(source, saved), saved.ToJsonString());
    }

    [Theory]
    [InlineData("mixtral")]
    [InlineData("qwen2_moe")]
    public void Stacked_experts_are_saved_stacked(string name)
    {
        CheckpointConfig config = FamilyConfigs.Read(name, streams: 2);
        RandomCheckpoint.Write(_folder.File("source"), config with { Model = config.Model with { ExpertTensors = ExpertTensors.Stacked } }, seed: 6);
        AssertSavedAsItWas();
        using SafetensorsFile file = SafetensorsFile.Open(_folder.File("saved/model.safetensors"));
        Assert.Contains("model.layers.0.mlp.experts.gate_up_proj", file.Tensors.Keys);
    }

    [Fact]
    public void The_type_is_named_under_the_key_of_the_source()
    {
        FamilyConfigs.Write(_folder.File("source"), "gemma3");
        JsonNode config = Config("source");
        (config["dtype"], config["my_own_key"]) = ("float16", "kept");
        File.WriteAllText(_folder.File("source/config.json"), config.ToJsonString());
        using ParScaleLm model = ModelFolder.Load(_folder.File("source"));
        ModelFolder.Save(model, _folder.File("saved"), TensorType.BF16, _folder.File("none"), parent: _folder.File("source"));
        JsonNode saved = Config("saved");
        Assert.Equal(("bfloat16", "kept"), (saved["dtype"]!.GetValue<string>(), saved["my_own_key"]!.GetValue<string>()));
        Assert.Null(saved["torch_dtype"]);
    }

    /// <summary>A model that multiplies embeddings by a rounded factor is trained with the factor that its saved folder has.</summary>
    [Fact]
    public void The_engine_gives_the_logits_of_the_type_that_is_saved()
    {
        FamilyConfigs.Write(_folder.File("source"), "gemma3");
        int[] tokens = FamilyCases.Tokens(12, 50);
        CheckpointConfig config = CheckpointConfig.Load(_folder.File("source")) with { StoredType = "bfloat16" };
        using var model = new ParScaleLm(config);
        ModelFolder.LoadWeights(model, _folder.File("source"));
        ModelFolder.Save(model, _folder.File("saved"), TensorType.BF16, _folder.File("none"));
        // The rounded weights too.
        ModelFolder.LoadWeights(model, _folder.File("saved"));
        double[] engine = FamilyCases.Engine(_folder.File("saved"), tokens);
        Assert.InRange(Rounding.Distance(engine, Float64.Run(model, tokens)) / engine.Max(Math.Abs), 0, 1e-5);
        using ParScaleLm other = new(config with { StoredType = "float32" });
        ModelFolder.LoadWeights(other, _folder.File("saved"));
        Assert.True(Rounding.Distance(engine, Float64.Run(other, tokens)) / engine.Max(Math.Abs) > 1e-4);
    }

    private void AssertSavedAsItWas()
    {
        using (ParScaleLm model = ModelFolder.Load(_folder.File("source")))
            ModelFolder.Save(model, _folder.File("saved"), TensorType.F32, _folder.File("none"), parent: _folder.File("source"));
        using SafetensorsFile source = SafetensorsFile.Open(_folder.File("source/model.safetensors"));
        using SafetensorsFile saved = SafetensorsFile.Open(_folder.File("saved/model.safetensors"));
        Assert.Equal(source.Tensors.Keys.Order(), saved.Tensors.Keys.Order());
        foreach ((string tensor, TensorInfo info) in source.Tensors)
        {
            Assert.Equal(info.Shape, saved.Tensors[tensor].Shape);
            Assert.True(source.Bytes(info).SequenceEqual(saved.Bytes(saved.Tensors[tensor])), tensor);
        }
        int[] tokens = FamilyCases.Tokens(12, 50);
        Assert.Equal(FamilyCases.Engine(_folder.File("source"), tokens), FamilyCases.Engine(_folder.File("saved"), tokens));
    }

    private JsonNode Config(string folder) => JsonNode.Parse(File.ReadAllText(_folder.File($"{folder}/config.json")))!;
}
