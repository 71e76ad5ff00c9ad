using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Kernels.Elementwise;

namespace ParScale.Model;

/// <summary>The cosines and sines of the positions in a pass, once for every rotation that layers have.</summary>
internal sealed class Angles
{
    private readonly Turn[] _turns;
    private readonly int[] _turnOf;

    /// <summary>Room for <paramref name="tokens"/> positions.</summary>
    public Angles(ModelConfig config, int tokens)
    {
        Rotation[] rotations = [.. config.Rotations];
        _turns = [.. rotations.Select(rotation => new Turn(rotation, tokens))];
        _turnOf = [.. config.Layers.Select(layer => layer.Attention.Rotation is { } rotation ? Array.IndexOf(rotations, rotation) : -1)];
    }

    /// <summary>
    /// Takes the positions of the next tokens of some sequences, each by the frequencies of its own length. All streams share positions;
    /// prefix slots take none.
    /// </summary>
    public void Fill(ReadOnlySpan<PassSequence> sequences)
    {
        foreach (Turn turn in _turns) turn.Fill(sequences);
    }

    /// <summary>[T, h] of a layer; empty where it does not turn.</summary>
    public ReadOnlySpan<float> Cosine(int layer, int tokens) => _turnOf[layer] is >= 0 and var turn ? _turns[turn].Cosine.AsSpan(0, tokens * _turns[turn].Half) : [];

    /// <summary>The same of sines.</summary>
    public ReadOnlySpan<float> Sine(int layer, int tokens) => _turnOf[layer] is >= 0 and var turn ? _turns[turn].Sine.AsSpan(0, tokens * _turns[turn].Half) : [];

    private sealed class Turn(Rotation rotation, int tokens)
    {
        private readonly double[] _frequencies = new double[rotation.Size / 2];
        private int _epoch = -1;

        public int Half => _frequencies.Length;

        public float[] Cosine { get; } = new float[tokens * (rotation.Size / 2)];

        public float[] Sine { get; } = new float[tokens * (rotation.Size / 2)];

        public void Fill(ReadOnlySpan<PassSequence> sequences)
        {
            int token = 0;
            foreach (PassSequence sequence in sequences)
            {
                int epoch = rotation.Epoch(sequence.Cache.Epoch);
                if (epoch != _epoch)
                {
                    rotation.Frequencies(epoch, _frequencies);
                    _epoch = epoch;
                }
                for (int i = 0; i < sequence.Count; i++, token++)
                    Rope.Angles(sequence.Cache.Position + i, _frequencies, rotation.Magnitude, Cosine.AsSpan(token * Half, Half), Sine.AsSpan(token * Half, Half));
            }
        }
    }
}
