using ParScale.Configuration.Rotations;

namespace ParScale.Configuration;

/// <summary>One layer of a decoder: what its two blocks compute and where its norms stand.</summary>
public sealed record LayerConfig
{
    /// <summary>The attention block.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>The feed-forward block.</summary>
    public required FeedForwardConfig FeedForward { get; init; }

    /// <summary>Where the norms stand.</summary>
    public NormPlacement Norms { get; init; }

    /// <summary>The layers of a decoder of the Qwen2 family without windows and scaled rotations.</summary>
    /// <param name="count">L.</param>
    /// <param name="headSize">D.</param>
    /// <param name="intermediateSize">Width of the feed-forward block.</param>
    /// <param name="ropeTheta">The base of RoPE's frequencies.</param>
    public static IReadOnlyList<LayerConfig> Qwen2(int count, int headSize, int intermediateSize, double ropeTheta)
    {
        var layer = new LayerConfig
        {
            Attention = new AttentionConfig
            {
                Scale = AttentionConfig.UsualScale(headSize),
                Rotation = new DefaultRotation { Theta = ropeTheta, Size = headSize },
                InputBias = true,
            },
            FeedForward = new FeedForwardConfig { Width = intermediateSize },
        };
        return new ValueList<LayerConfig>(Enumerable.Repeat(layer, count));
    }
}

/// <summary>Where a layer's norms stand.</summary>
public enum NormPlacement
{
    /// <summary>x += block(norm(x)), both blocks.</summary>
    Before,

    /// <summary>x += norm(block(x)), both blocks.</summary>
    After,

    /// <summary>x += norm(block(norm(x))), both blocks.</summary>
    Both,
}
