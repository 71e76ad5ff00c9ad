using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

/// <summary>What a generation_config.json says, and what is not done of it.</summary>
public class GenerationConfigTests
{
    [Fact]
    public void Settings_come_before_the_built_in_ones()
    {
        GenerationConfig config = Read("""
            {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.05, "repetition_penalty": 1.05,
             "max_new_tokens": 2048, "stop_strings": ["\n\nUser:", "</s>"], "eos_token_id": [3, 4], "transformers_version": "4.51.0"}
            """);
        GenerationOptions options = config.Over(new GenerationOptions { TopLogProbs = 3, Sampling = new SamplingOptions { Seed = 5 } });
        Assert.Equal(new SamplingOptions { Temperature = 0.6, TopK = 20, TopP = 0.95, MinP = 0.05, RepetitionPenalty = 1.05, Seed = 5 }, options.Sampling);
        Assert.Equal(2048, options.MaxNewTokens);
        Assert.Equal(["\n\nUser:", "</s>"], options.Stop);
        Assert.Equal(3, options.TopLogProbs);
        Assert.Empty(config.Notices);
    }

    [Theory]
    [InlineData("{}", 0.8)]
    [InlineData("{\"do_sample\":true}", 0.8)]
    [InlineData("{\"do_sample\":null}", 0.8)]
    [InlineData("{\"temperature\":0.3}", 0.3)]
    [InlineData("{\"do_sample\":false}", 0)]
    [InlineData("{\"do_sample\":false,\"temperature\":0.7,\"max_new_tokens\":2048}", 0)]
    [InlineData("{\"do_sample\":true,\"temperature\":1}", 1)]
    public void Without_sampling_the_likeliest_token_is_taken(string json, double temperature)
    {
        GenerationConfig config = Read(json);
        Assert.Equal(temperature, config.Over(new GenerationOptions()).Sampling.Temperature);
        Assert.Empty(config.Notices);
    }

    [Theory]
    [InlineData("{\"top_k\":0}")]
    [InlineData("{\"top_k\":-1}")]
    [InlineData("{\"top_p\":1.0,\"top_k\":null,\"temperature\":null,\"min_p\":null}")]
    [InlineData("{\"typical_p\":1.0,\"no_repeat_ngram_size\":0,\"num_beams\":1,\"bad_words_ids\":null,\"suppress_tokens\":[],\"min_length\":0,\"length_penalty\":1.0}")]
    public void What_asks_for_nothing_gives_no_notice(string json)
    {
        GenerationConfig config = Read(json);
        Assert.Empty(config.Notices);
        Assert.Equal(new SamplingOptions(), config.Over(new GenerationOptions()).Sampling);
    }

    [Fact]
    public void What_is_not_supported_is_named_in_one_notice()
    {
        string notice = Assert.Single(Read("""{"typical_p": 0.9, "no_repeat_ngram_size": 3, "num_beams": 4, "bad_words_ids": [[1]], "top_k": 5}""").Notices);
        Assert.StartsWith("generation_config.json: ", notice, StringComparison.Ordinal);
        foreach (string key in (string[])["typical_p", "no_repeat_ngram_size", "num_beams", "bad_words_ids"]) Assert.Contains(key, notice, StringComparison.Ordinal);
        Assert.DoesNotContain("top_k", notice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("temperature", "\"hot\"")]
    [InlineData("temperature", "-1")]
    [InlineData("temperature", "NaN")]
    [InlineData("temperature", "1e999")]
    [InlineData("top_k", "2.5")]
    [InlineData("top_k", "-2")]
    [InlineData("top_p", "0")]
    [InlineData("top_p", "[1]")]
    [InlineData("min_p", "1.5")]
    [InlineData("repetition_penalty", "0")]
    [InlineData("max_new_tokens", "0")]
    [InlineData("max_new_tokens", "99999999999")]
    [InlineData("do_sample", "\"no\"")]
    [InlineData("stop_strings", "[\"a\", 1]")]
    [InlineData("stop_strings", "\"\"")]
    public void A_value_that_cannot_be_followed_is_named_and_the_default_holds(string key, string value)
    {
        GenerationConfig config = Read($"{{\"{key}\": {value}}}");
        string notice = Assert.Single(config.Notices);
        Assert.StartsWith($"generation_config.json: {key} is ", notice, StringComparison.Ordinal);
        Assert.Contains("the default is used", notice, StringComparison.Ordinal);
        Assert.Equal(new GenerationOptions().Sampling, config.Over(new GenerationOptions()).Sampling);
        Assert.Equal(64, config.Over(new GenerationOptions()).MaxNewTokens);
    }

    [Fact]
    public void A_model_takes_it_for_requests_without_options_unless_told_not_to()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 1);
        folder.Write("generation_config.json", "{\"do_sample\":false,\"max_new_tokens\":5,\"eos_token_id\":7}");
        using (LanguageModel model = LanguageModel.Load(folder.Path))
        {
            Assert.Equal(0, model.DefaultSampling.Temperature);
            Assert.Equal(5, model.DefaultOptions.MaxNewTokens);
            Assert.Equal([7], model.Config.EndOfTextIds);
        }
        using (LanguageModel model = LanguageModel.Load(folder.Path, new LoadOptions { UseGenerationConfig = false }))
        {
            Assert.Equal(new SamplingOptions(), model.DefaultSampling);
            Assert.Equal(64, model.DefaultOptions.MaxNewTokens);
            Assert.Equal([7], model.Config.EndOfTextIds);
        }
    }

    private static GenerationConfig Read(string json)
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config());
        folder.Write("generation_config.json", json);
        CheckpointConfig config = CheckpointConfig.Load(folder.Path);
        Assert.Empty(config.Notices);
        return config.Generation;
    }
}
