namespace ParScale.PeerBenchmarks.Gguf;

/// <summary>A tensor to write. Rows of a matrix follow each other; a vector has one row.</summary>
/// <param name="Name">As llama.cpp calls it.</param>
/// <param name="Type">Storage.</param>
/// <param name="Rows">Outputs of a matrix, 1 for a vector.</param>
/// <param name="Columns">Inputs of a matrix, a multiple of 32 when it is quantized.</param>
/// <param name="Value">What an f32 tensor is filled with.</param>
internal sealed record GgufTensor(string Name, GgufType Type, int Rows, int Columns, float Value = 0)
{
    /// <summary>Values of a block of the quantized types.</summary>
    public const int BlockValues = 32;

    /// <summary>Bytes in the file, without padding.</summary>
    public long Bytes => Type switch
    {
        GgufType.F32 => (long)Rows * Columns * sizeof(float),
        GgufType.Q4_0 => (long)Rows * Columns / BlockValues * (2 + BlockValues / 2),
        GgufType.Q8_0 => (long)Rows * Columns / BlockValues * (2 + BlockValues),
        _ => throw new InvalidOperationException($"{Type} is not written"),
    };
}
