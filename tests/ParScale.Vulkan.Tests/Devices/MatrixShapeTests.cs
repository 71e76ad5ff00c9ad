using ParScale.Kernels.Formats;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Tests.Devices;

/// <summary>Which of the shapes that drivers offer fill a tile of the shader, and what it takes of shared memory.</summary>
public class MatrixShapeTests
{
    [Theory]
    [InlineData(8, 8, 8, true)]
    [InlineData(16, 16, 16, true)]
    [InlineData(16, 8, 32, true)]
    [InlineData(8, 16, 64, true)]
    [InlineData(32, 32, 64, true)]
    [InlineData(64, 8, 16, false)]
    [InlineData(16, 64, 16, false)]
    [InlineData(16, 16, 128, false)]
    [InlineData(12, 8, 8, false)]
    [InlineData(8, 8, 2, false)]
    [InlineData(0, 8, 8, false)]
    public void A_tile_consists_of_whole_matrices(int rows, int outputs, int depth, bool fills) =>
        Assert.Equal(fills, new MatrixShape(rows, outputs, depth, IsHalf: false).FillsTiles);

    [Fact]
    public void A_tile_needs_the_memory_that_the_shader_declares()
    {
        // 32 rows of weights and 64 of x, of 36 words each, and 64 x 32 sums.
        Assert.Equal(4 * (96 * 36 + 64 * 32), MatrixProducts.SharedBytes(WeightDtype.Q8, isHalf: false, rows: 64));
        Assert.Equal(4 * (64 * 68 + 32 * 32), MatrixProducts.SharedBytes(WeightDtype.Q8, isHalf: true, rows: 32));
        Assert.Equal(4 * (64 * 36 + 32 * 32), MatrixProducts.SharedBytes(WeightDtype.Q4, isHalf: true, rows: 32));
        var halves = new MatrixShape(16, 16, 16, IsHalf: true);
        Assert.True(MatrixProducts.Fits(halves, 4 * (64 * 68 + 32 * 32)));
        Assert.False(MatrixProducts.Fits(halves, 4 * (64 * 68 + 32 * 32) - 1));
    }
}
