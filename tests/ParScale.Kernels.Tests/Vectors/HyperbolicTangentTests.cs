using System.Runtime.Intrinsics;
using ParScale.Kernels.Tests.Support;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Tests.Vectors;

public class HyperbolicTangentTests
{
    [Fact]
    public void The_relative_error_is_below_a_millionth()
    {
        float[] x = [.. Numbers.Random(4096, 1, 10), .. Numbers.Random(512, 2, 1e-3f), .. Numbers.Random(512, 3, 1e-20f), .. Numbers.Random(64, 4, 1e6f), 0, -0f, 9, -9, 8.9f, 1e-38f];
        float[] y = Run<Simd128, Vector128<float>, Vector128<int>>(x);
        for (int i = 0; i < x.Length; i++) Assert.Equal(Math.Tanh(x[i]), y[i], 1e-6 * Math.Abs(Math.Tanh(x[i])) + 1e-44);
    }

    [Fact]
    public void Every_width_of_vectors_gives_the_same_bits()
    {
        float[] x = [.. Numbers.Random(1024, 5, 12), .. Numbers.Random(64, 6, 1e-3f)], expected = Run<Simd128, Vector128<float>, Vector128<int>>(x);
        Assert.Equal(expected, Run<Simd256, Vector256<float>, Vector256<int>>(x));
        Assert.Equal(expected, Run<Simd512, Vector512<float>, Vector512<int>>(x));
    }

    // All lanes hold the same, so the largest of them is any of them.
    private static float[] Run<TSimd, TFloat, TInt>(float[] x)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        [.. x.Select(value => TSimd.MaxAcross(HyperbolicTangent.Of<TSimd, TFloat, TInt>(TSimd.Broadcast(value))))];
}
