using System.Reflection;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Runtime;

/// <summary>A shader with its constants, ready to run.</summary>
/// <param name="Name">Its file.</param>
/// <param name="Pipeline">What the driver made of it.</param>
internal sealed record ShaderKernel(string Name, Pipeline Pipeline)
{
    /// <summary>The compiled code of a shader of this assembly.</summary>
    public static byte[] Code(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no shader {name}", nameof(name));
        var code = new byte[stream.Length];
        stream.ReadExactly(code);
        return code;
    }
}
