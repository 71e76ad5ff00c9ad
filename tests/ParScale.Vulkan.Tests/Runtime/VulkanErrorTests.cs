using ParScale.Vulkan.Runtime;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>What a driver answers, as users read it: one line with the call's name, and a code of its own for what can be helped.</summary>
public class VulkanErrorTests
{
    [Theory]
    [InlineData(Result.ErrorDeviceLost, "VK-01", ErrorKind.Io, true)]
    [InlineData(Result.ErrorOutOfDeviceMemory, "VK-02", ErrorKind.NotEnoughMemory, false)]
    [InlineData(Result.ErrorOutOfHostMemory, "VK-02", ErrorKind.NotEnoughMemory, false)]
    [InlineData(Result.ErrorInvalidShaderNV, "VK-03", ErrorKind.Io, false)]
    [InlineData(Result.ErrorInitializationFailed, "VK-03", ErrorKind.Io, false)]
    public void Each_answer_has_its_line(Result result, string code, ErrorKind kind, bool lost)
    {
        ParScaleException error = Assert.Throws<ParScaleException>(() => VulkanError.Check(Call(result)));
        Assert.Equal((code, kind, lost), (error.Code, error.Kind, error.IsDeviceLost));
        Assert.Contains("Call", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_shader_that_the_driver_refuses_is_named()
    {
        ParScaleException error = Assert.Throws<ParScaleException>(() => VulkanDevice.CheckShader(Result.ErrorInvalidShaderNV, "norm"));
        Assert.Equal(("VK-03", ErrorKind.Io), (error.Code, error.Kind));
        Assert.Contains("the shader norm (ErrorInvalidShaderNV)", error.Message, StringComparison.Ordinal);
        VulkanDevice.CheckShader(Result.Success, "norm");
        // Drivers say so too of a shader that they cannot compile.
        ParScaleException host = Assert.Throws<ParScaleException>(() => VulkanDevice.CheckShader(Result.ErrorOutOfHostMemory, "norm"));
        Assert.Equal("VK-03", host.Code);
        Assert.Contains("the shader norm (ErrorOutOfHostMemory)", host.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Result.ErrorDeviceLost, "VK-01")]
    [InlineData(Result.ErrorOutOfDeviceMemory, "VK-02")]
    public void What_a_shader_meets_beside_has_the_name_of_the_call(Result result, string code)
    {
        ParScaleException error = Assert.Throws<ParScaleException>(() => VulkanDevice.CheckShader(Call(result), "norm"));
        Assert.Equal(code, error.Code);
        Assert.Contains("(Call)", error.Message, StringComparison.Ordinal);
    }

    private static Result Call(Result result) => result;
}
