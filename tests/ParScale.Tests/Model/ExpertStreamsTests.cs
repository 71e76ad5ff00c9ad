using System.Text;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Tests.Model;

/// <summary>
/// How many different experts the streams of one token read: with random weights and prefixes as large as the keys of tokens. It is a figure
/// of such models, not of trained ones.
/// </summary>
public sealed class ExpertStreamsTests : IDisposable
{
    private const int Experts = 64, Chosen = 8, Prompt = 32, Steps = 24;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void More_streams_read_more_experts_but_never_more_than_they_choose()
    {
        string json = $$"""
            {"model_type":"qwen3_moe_parscale","hidden_size":64,"intermediate_size":32,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,
            "head_dim":16,"vocab_size":200,"num_experts":{{Experts}},"num_experts_per_tok":{{Chosen}},"moe_intermediate_size":32,"norm_topk_prob":true,
            "parscale_n":8,"parscale_n_tokens":16,"parscale_attn_smooth":0.1}
            """;
        RandomCheckpoint.Write(_folder.Path, CheckpointConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json"), seed: 2);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        using Backbone backbone = Backbone.From(new WeightReader(checkpoint, null), checkpoint.Config.Model);
        using var pool = new WorkerPool(2);
        double before = 0;
        foreach (int streams in new[] { 1, 2, 4, 8 })
        {
            double measured = PerLayer(checkpoint, backbone, pool, streams);
            double alone = Experts * (1 - Math.Pow(1 - (double)Chosen / Experts, streams));
            TestContext.Current.TestOutputHelper?.WriteLine($"P = {streams}: {measured:F1} of {Experts} experts of a layer; each stream on its own would read {alone:F1}");
            if (streams == 1) Assert.Equal(Chosen, measured);
            else Assert.InRange(measured, before, Chosen * streams);
            before = measured + 0.1;
        }
    }

    private static double PerLayer(Checkpoint checkpoint, Backbone backbone, WorkerPool pool, int streams)
    {
        StreamSet set = streams == 1 ? StreamSet.Plain : StreamSet.From(
            streams == checkpoint.Config.Streams.Count ? new WeightReader(checkpoint, null) : new StreamCut(checkpoint, null, streams),
            backbone.Config, checkpoint.Config.Streams with { Count = streams }, KvDtype.F32);
        using var forward = new ForwardPass(backbone, pool);
        using var cache = new KvCache(backbone.Config, streams, KvDtype.F32, Prompt + Steps);
        var random = new Random(4);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(backbone.Config.VocabularySize))];
        for (int i = 0; i < Prompt; i += 8) forward.Run(Tokens(8), [new PassSequence(cache, set, 8, 0)]);
        ExpertRoutes experts = forward.Experts!;
        (long read, long layers) = (experts.Read, experts.Layers);
        for (int i = 0; i < Steps; i++) forward.Run(Tokens(1), [new PassSequence(cache, set, 1, 1)]);
        if (streams > 1) set.Free();
        return (double)(experts.Read - read) / (experts.Layers - layers);
    }
}
