using System.Reflection;
using System.Reflection.Emit;
using ParScale.Training.Commands;
using TorchSharp;

namespace ParScale.Training.Tests.Runtime;

/// <summary>
/// A number that libtorch reads is an object of TorchSharp's, which is freed when nothing refers to it any more, even during the call
/// that reads it: too rare to be seen by running, so the compiled code is read instead.
/// </summary>
public sealed class HeldNumbersTests
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void Every_number_given_to_libtorch_is_held_by_a_field_or_until_it_is_disposed()
    {
        MethodBase[] all = [.. Methods(typeof(CommandLine).Assembly)];
        Assert.Equal([], all.Where(LetsGo).Select(Name));
        Assert.True(all.SelectMany(Instructions).Count(MakesNumber) > 20);
    }

    [Fact]
    public void Nothing_of_TorchSharp_is_called_that_lets_one_of_its_own_go()
    {
        var found = new Dictionary<MethodBase, string?>();
        IEnumerable<string> calls = Methods(typeof(CommandLine).Assembly).SelectMany(ours => Instructions(ours)
            .Select(instruction => instruction.Operand).OfType<MethodBase>().Select(called => Inside(called, found, 0)).OfType<string>()
            .Select(inside => $"{Name(ours)} calls {inside}"));
        Assert.Equal([], calls.Distinct());
        MethodInfo addition = typeof(torch.Tensor).GetMethod("op_Addition", [typeof(torch.Tensor), typeof(torch.Tensor)])!;
        Assert.NotNull(Inside(addition, found, 0));
    }

    [Theory]
    [InlineData(nameof(Passed), true)]
    [InlineData(nameof(Kept), true)]
    [InlineData(nameof(Held), false)]
    public void The_test_above_sees_one_that_is_not(string method, bool letsGo) =>
        Assert.Equal(letsGo, LetsGo(GetType().GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!));

    private static torch.Tensor Passed(torch.Tensor x, double factor) => x * factor;

    private static torch.Tensor Kept(torch.Tensor x, double factor)
    {
        Scalar number = factor;
        return x * number + number;
    }

    private static torch.Tensor Held(torch.Tensor x, double factor)
    {
        using Scalar number = factor;
        return x * number;
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly)
    {
        const BindingFlags Every = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return assembly.GetTypes().SelectMany(type => type.GetMethods(Every).Cast<MethodBase>().Concat(type.GetConstructors(Every)));
    }

    /// <summary>What a method of TorchSharp, or one that it calls, lets go; null when it is nothing.</summary>
    private static string? Inside(MethodBase method, Dictionary<MethodBase, string?> found, int depth)
    {
        const int Deepest = 6;
        bool isTheirs = method.DeclaringType?.Assembly == typeof(torch).Assembly && method.DeclaringType != typeof(Scalar);
        if (!isTheirs || depth > Deepest) return null;
        if (found.TryGetValue(method, out string? known)) return known;
        found[method] = null;
        if (LetsGo(method)) return found[method] = Name(method);
        IEnumerable<MethodBase> called = Instructions(method).Select(instruction => instruction.Operand).OfType<MethodBase>();
        return found[method] = called.Select(next => Inside(next, found, depth + 1)).FirstOrDefault(inside => inside is not null);
    }

    private static string Name(MethodBase method) => $"{method.DeclaringType}.{method.Name}";

    private static bool LetsGo(MethodBase method)
    {
        (OpCode Code, object? Operand)[] code = [.. Instructions(method)];
        for (int i = 0; i < code.Length; i++)
        {
            if (IsOperatorOnNumber(code[i])) return true;
            if (!MakesNumber(code[i])) continue;
            (OpCode next, object? operand) = code[i + 1];
            bool inField = next == OpCodes.Stfld || next == OpCodes.Stsfld;
            if (!inField && (Stored(next, operand) is not { } local || !IsUsed(code, local))) return true;
        }
        return false;
    }

    /// <summary>Whether a local is disposed, or moved on into a field (as assignments of several at once do).</summary>
    private static bool IsUsed((OpCode Code, object? Operand)[] code, int local) => Enumerable.Range(0, code.Length - 1).Any(i =>
        Loaded(code[i].Code, code[i].Operand) == local
        && (code[i + 1].Operand is MethodBase { Name: "Dispose" } || code[i + 1].Code == OpCodes.Stfld || code[i + 1].Code == OpCodes.Stsfld));

    private static bool MakesNumber((OpCode Code, object? Operand) instruction) =>
        instruction.Operand is MethodInfo method && method.ReturnType == typeof(Scalar);

    /// <summary>TorchSharp's operators on a tensor and a number make the object themselves, and hold it no longer.</summary>
    private static bool IsOperatorOnNumber((OpCode Code, object? Operand) instruction) =>
        instruction.Operand is MethodInfo { IsSpecialName: true } method && method.DeclaringType == typeof(torch.Tensor)
        && method.Name.StartsWith("op_", StringComparison.Ordinal) && method.GetParameters().Any(parameter => parameter.ParameterType.IsPrimitive);

    private static int? Stored(OpCode code, object? operand) => Local(code, operand, "stloc");

    private static int? Loaded(OpCode code, object? operand) => Local(code, operand, "ldloc");

    private static int? Local(OpCode code, object? operand, string kind)
    {
        if (code.Name?.StartsWith(kind, StringComparison.Ordinal) != true) return null;
        return operand is int index ? index : code.Name[^1] - '0';
    }

    private static IEnumerable<(OpCode Code, object? Operand)> Instructions(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < il.Length;)
        {
            short value = il[at++];
            if (value == 0xFE) value = (short)(0xFE00 | il[at++]);
            OpCode code = Codes[value];
            object? operand = code.OperandType switch
            {
                OperandType.InlineMethod => Resolve(method, BitConverter.ToInt32(il, at)),
                OperandType.ShortInlineVar => (int)il[at],
                OperandType.InlineVar => (int)BitConverter.ToUInt16(il, at),
                _ => null,
            };
            yield return (code, operand);
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, at),
                _ => 4,
            };
        }
    }

    private static MethodBase? Resolve(MethodBase method, int token) => method.Module.ResolveMethod(
        token, method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
}
