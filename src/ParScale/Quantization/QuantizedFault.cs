namespace ParScale.Quantization;

/// <summary>The error for a quantised folder that cannot be trusted: exit code 6, one line, and always the same cure.</summary>
internal static class QuantizedFault
{
    public const string Cure = "run `parscale quantize` again";

    /// <param name="code">QC-01 to QC-08.</param>
    /// <param name="file">The file; only its name is shown.</param>
    /// <param name="detail">What is wrong.</param>
    public static ParScaleException Create(string code, string file, string detail) =>
        new(ErrorKind.HashMismatch, code, $"{Path.GetFileName(file)}: {detail}; {Cure}");

    /// <summary>A message of such an error for somebody who repairs it himself.</summary>
    public static string WithoutCure(string message) => message.Replace($"; {Cure}", "", StringComparison.Ordinal);

    /// <summary>The same for one tensor.</summary>
    public static ParScaleException Tensor(string code, string file, string tensor, string detail) =>
        Create(code, file, $"tensor {ParScaleException.Quote(tensor)}: {detail}");
}
