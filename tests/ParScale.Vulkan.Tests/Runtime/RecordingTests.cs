using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>Commands wait where data flows and only there, and a barrier that is missing is found.</summary>
public class RecordingTests(TestDevice test) : DeviceTest(test)
{
    [Fact]
    public void A_removed_barrier_is_found_whichever_it_is()
    {
        using Recording recording = Block(out _);
        IReadOnlyList<RecordedCommand> log = recording.Log;
        Assert.Empty(CommandOrder.Races(log));
        int[] waiting = [.. Enumerable.Range(1, log.Count - 1).Where(i => log[i].Waits)];
        Assert.True(waiting.Length >= 4);
        foreach (int removed in waiting)
        {
            RecordedCommand[] without = [.. log.Select((command, i) => i == removed ? command with { Waits = false } : command)];
            Assert.NotEmpty(CommandOrder.Races(without));
        }
    }

    [Fact]
    public void Products_of_one_input_do_not_wait_for_each_other()
    {
        using Recording recording = Block(out _);
        string[] names = [.. recording.Log.Select(command => (command.Waits ? "| " : "") + command.Name)];
        string product = Device.UsesIntegerDot ? "matmul_quantized_dot" : "matmul_quantized";
        Assert.Equal(["| norm", "| quantize", $"| {product}", product, "| gate", "| matmul_float"], names);
    }

    [Fact]
    public void Writing_what_was_read_waits_too()
    {
        DeviceBuffer a = Allocate(16), b = Allocate(16), c = Allocate(16);
        using Recording recording = Device.Record();
        recording.Copy(a, b, 16).Copy(c, a, 16).Clear(c).Clear(b);
        Assert.Equal([true, true, true, false], recording.Log.Select(command => command.Waits));
        Assert.Empty(CommandOrder.Races(recording.Log));
        recording.Submit();
    }

    [Fact]
    public void A_recording_runs_again_on_what_its_buffers_hold_then()
    {
        using Recording recording = Block(out (DeviceRows X, DeviceRows Y) ends);
        recording.Submit();
        Check(recording);
        float[] first = Read(ends.Y, 2, 70);
        var x = new float[2 * ends.X.Stride];
        x.AsSpan().Fill(0.25f);
        Device.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes(x.AsSpan()), ends.X.Buffer);
        recording.Submit();
        float[] second = Read(ends.Y, 2, 70);
        Assert.NotEqual(first, second);
        Assert.Equal(second[..70], second[70..]);
        Assert.Throws<InvalidOperationException>(() => recording.Clear(ends.Y.Buffer));
    }

    // norm, gate and up, SwiGLU, down.
    private Recording Block(out (DeviceRows X, DeviceRows Y) ends)
    {
        const int rows = 2, hidden = 70, inner = 150;
        var random = new Random(3);
        DeviceMatrix gate = Matrix(WeightDtype.Q8, inner, hidden, random), up = Matrix(WeightDtype.Q8, inner, hidden, random), down = Matrix(WeightDtype.F32, hidden, inner, random);
        DeviceRows x = Rows(Draw(random, rows * hidden), hidden), normed = Rows(rows, hidden), a = Rows(rows, inner), b = Rows(rows, inner), y = Rows(rows, hidden);
        DeviceBuffer weight = Upload<float>(Draw(random, hidden));
        MatMul product = Product(rows, inner);
        Recording recording = Device.Record();
        Elementwise.Norm(Device, recording, x, rows, hidden, weight, 1e-6f, normed);
        product.Run(recording, normed, rows, (gate, null, a), (up, null, b));
        Elementwise.Gate(Device, recording, Configuration.Activation.Silu, a, b, rows, inner, a);
        product.Run(recording, a, rows, (down, null, y));
        ends = (x, y);
        return recording;
    }
}
