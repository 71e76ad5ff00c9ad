using System.Runtime.CompilerServices;

namespace ParScale.Training.Tests.Support;

/// <summary>The trainer's progress goes to stderr; hundreds of its lines would hide what the tests have to say.</summary>
internal static class QuietProgress
{
    [ModuleInitializer]
    internal static void Silence() => Console.SetError(TextWriter.Null);
}
