using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>An assembler whose vector registers are numbers and whose vectors have the width of a <see cref="VectorInstructions"/>.</summary>
internal sealed class VectorAssembler(VectorInstructions instructions)
{
    private const int FirstKept = 6, LastKept = 15, KeptBytes = 16;

    private static readonly AssemblerRegister64[] Kept = [rbx, rbp, rsi, rdi, r12, r13, r14, r15];

    /// <summary>For everything that is no vector.</summary>
    public Assembler General { get; } = new(64);

    /// <summary>The machine code of everything written so far.</summary>
    public byte[] Assemble()
    {
        var bytes = new MemoryStream();
        General.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }

    /// <summary>
    /// Begins a function: keeps the caller's registers and takes some bytes of stack, of which rsp shows the first, at a multiple of 64.
    /// rbp is the function's argument.
    /// </summary>
    public void Enter(int bytes)
    {
        foreach (AssemblerRegister64 register in Kept) General.push(register);
        General.mov(rbp, OperatingSystem.IsWindows() ? rcx : rdi);
        General.mov(rax, rsp);
        General.sub(rsp, Frame(bytes) + 64);
        General.and(rsp, -64);
        General.mov(__[rsp + Frame(bytes)], rax);
        if (!instructions.UsesKeptRegisters) return;
        for (int i = FirstKept; i <= LastKept; i++) General.vmovups(KeptPlace(bytes, i), Xmm(i));
    }

    /// <summary>Ends a function that began with <see cref="Enter"/> and as many bytes.</summary>
    public void Leave(int bytes)
    {
        if (instructions.UsesKeptRegisters)
            for (int i = FirstKept; i <= LastKept; i++) General.vmovups(Xmm(i), KeptPlace(bytes, i));
        General.mov(rsp, __[rsp + Frame(bytes)]);
        General.vzeroupper();
        foreach (AssemblerRegister64 register in Kept.Reverse()) General.pop(register);
        General.ret();
    }

    /// <summary>A place in memory.</summary>
    public static MemoryOperand At(AssemblerRegister64 start, int offset) => new(start, offset);

    public void Load(int to, MemoryOperand from) => Write(Instruction.Create(instructions.Load, V(to), from));

    public void Store(MemoryOperand to, int value) => Write(Instruction.Create(instructions.Store, to, V(value)));

    public void Broadcast32(int to, MemoryOperand from) => Write(Instruction.Create(instructions.Broadcast32, V(to), from));

    public void Widen16(int to, MemoryOperand from) => Write(Instruction.Create(instructions.Widen16, V(to), from));

    public void Clear(int to) => Write(Instruction.Create(instructions.Xor, V(to), V(to), V(to)));

    public void Shift32Right(int to, int from, int bits) => Write(Instruction.Create(instructions.Shift32Right, V(to), V(from), bits));

    public void Shift32Left(int to, int from, int bits) => Write(Instruction.Create(instructions.Shift32Left, V(to), V(from), bits));

    public void ToFloat(int to, int from) => Write(Instruction.Create(instructions.ToFloat, V(to), V(from)));

    public void And(int to, int a, int b) => Write(instructions.And, to, a, b);

    public void Multiply(int to, int a, int b) => Write(instructions.Multiply, to, a, b);

    /// <summary>a = a * b + c.</summary>
    public void MultiplyAdd(int a, int b, MemoryOperand c) => Write(instructions.MultiplyAdd, a, b, c);

    public void Dot(int sum, int weights, int x) => Write(instructions.Dot, sum, weights, x);

    /// <summary>An instruction of three registers that only some widths have.</summary>
    public void Write(Code code, int to, int a, int b) => Write(Instruction.Create(code, V(to), V(a), V(b)));

    /// <summary>The same with an operand in memory.</summary>
    public void Write(Code code, int to, int a, MemoryOperand b) => Write(Instruction.Create(code, V(to), V(a), b));

    /// <summary>The same with a number.</summary>
    public void WriteWithNumber(Code code, int to, int a, int number) => Write(Instruction.Create(code, V(to), V(a), number));

    // Bytes of the stack up to the caller's stack pointer.
    private static int Frame(int bytes) => (bytes + (LastKept - FirstKept + 1) * KeptBytes + 63) / 64 * 64;

    private static AssemblerMemoryOperand KeptPlace(int bytes, int register) => __xmmword_ptr[rsp + bytes + (register - FirstKept) * KeptBytes];

    private static AssemblerRegisterXMM Xmm(int register) => new(Register.XMM0 + register);

    private void Write(Instruction instruction) => General.AddInstruction(instruction);

    private Register V(int number) => instructions.Name(number);
}
