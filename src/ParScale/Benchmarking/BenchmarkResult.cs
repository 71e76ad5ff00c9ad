namespace ParScale.Benchmarking;

/// <summary>What a run found out.</summary>
/// <param name="Read">Bytes a second of reading memory, all passes.</param>
/// <param name="Int8">8-bit multiply-adds a second.</param>
/// <param name="Float32">float32 multiply-adds a second.</param>
/// <param name="Products">Multiply-adds a second in the product kernels that the rows use.</param>
/// <param name="Rows">In the order of types, streams and contexts.</param>
internal sealed record BenchmarkResult(Spread Read, Spread Int8, Spread Float32, IReadOnlyList<ProductFloor> Products, IReadOnlyList<BenchmarkRow> Rows);
