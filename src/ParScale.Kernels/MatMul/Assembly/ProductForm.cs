namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>How codes of weights and activations are multiplied and added, exactly.</summary>
internal enum ProductForm
{
    /// <summary>One instruction multiplies four bytes with four bytes and adds the products to 32 bits.</summary>
    Dot,

    /// <summary>
    /// 8-bit codes without <see cref="Dot"/>: bytes 0 and 2, then 1 and 3, of the weights are widened to 16 bits (activations are stored
    /// so); pairs of products are added to 32 bits.
    /// </summary>
    WordPairs,

    /// <summary>
    /// 4-bit codes without <see cref="Dot"/>: pairs of products of bytes are added in 16 bits, eight deep, which hold 8 * 2 * 15 * 127.
    /// </summary>
    BytePairs,
}
