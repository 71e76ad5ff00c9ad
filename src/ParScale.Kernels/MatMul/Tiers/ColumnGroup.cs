using System.Runtime.InteropServices;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>One group of one column of activations. Generated machine code reads the fields by offset.</summary>
/// <param name="Scale">x = Scale * level.</param>
/// <param name="Start">
/// Where the integer sum starts: minus the weights' offset times the sum of the levels, which undoes that offset.
/// </param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ColumnGroup(float Scale, int Start);
