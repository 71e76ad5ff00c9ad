using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Whole blocks of experts of random shapes, against their equations in double precision; and a row's bits do not depend on the others.</summary>
public class ExpertTests(TestDevice test) : DeviceTest(test)
{
    [Theory]
    [InlineData(WeightDtype.F32, false)]
    [InlineData(WeightDtype.Bf16, true)]
    [InlineData(WeightDtype.Q8, true)]
    [InlineData(WeightDtype.Q4, false)]
    public void A_block_of_experts_agrees_with_its_equations(WeightDtype type, bool shared)
    {
        for (int i = 0; i < 6; i++)
        {
            var random = new Random(500 + i);
            int experts = random.Next(2, 12);
            var config = new ExpertsConfig { Count = experts, Chosen = random.Next(1, Math.Min(experts, 5)), Normalized = i % 2 == 0, SharedWidth = shared ? 48 : 0 };
            using var block = new Block(random, type, config, random.Next(1, 100), random.Next(1, 60));
            int rows = i == 0 ? 1 : random.Next(2, 30);
            float[] x = Draw(random, rows * block.Hidden, 2), y = Draw(random, rows * block.Hidden);
            float[] expected = block.Expected(x, rows, y, 0.5f, out double[] margins);
            float[] actual = Run(block, x, rows, y, 0.5f);
            // Rounded activations are not those of the equations; bits of products are compared elsewhere.
            double allowed = WeightFormats.IsQuantized(type) ? 0.05 : 5e-6;
            for (int row = 0; row < rows; row++)
            {
                // Two experts that are as good as each other may change places.
                if (margins[row] < 1e-5) continue;
                Range own = (row * block.Hidden)..((row + 1) * block.Hidden);
                Close(expected[own], actual[own], allowed, $"{type}, {config}, {block.Hidden} x {block.Width}, row {row} of {rows}");
                Assert.Equal(actual[own], Run(block, x[own], 1, y[own], 0.5f));
            }
        }
    }

    [Fact]
    public void Equal_experts_are_chosen_by_their_number_and_places_are_sorted()
    {
        var config = new ExpertsConfig { Count = 5, Chosen = 2 };
        using var routes = new Routes(Device, config, 3);
        DeviceRows logits = Rows([1, 1, 1, 1, 1, 0, 3, 0, 3, 3, 2, 0, 2, 0, 2], 5);
        Run(recording => routes.Choose(recording, logits, 3));
        int[] words = Read<int>(routes.Buffer, 6 + 3 * 6);
        Assert.Equal([0, 2, 4, 5, 6, 6], words[..6]);
        Assert.Equal([0, 2, 0, 1, 2, 1], words[6..12]);
        Assert.Equal([0, 2, 3, 5, 1, 4], words[18..]);
    }

    [Fact]
    public void What_the_shader_has_no_room_for_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Routes(Device, new ExpertsConfig { Count = 4, Chosen = 2 }, Routes.MostRows + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Routes(Device, new ExpertsConfig { Count = Routes.MostExperts + 1, Chosen = 2 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Routes(Device, new ExpertsConfig { Count = 64, Chosen = Routes.MostChosen + 1 }, 1));
    }

    private float[] Run(Block block, float[] x, int rows, float[] y, float factor)
    {
        int hidden = block.Hidden, width = block.Width, places = rows * block.Config.Chosen, up = DeviceMatrix.Padded(width);
        using var routes = new Routes(Device, block.Config, rows);
        MatMul product = Product(places, Math.Max(hidden, Math.Max(width, block.Config.SharedWidth)));
        DeviceMatrix router = Matrix(block.Router), gateAndUp = Matrix(block.GateAndUp), down = Matrix(block.Down);
        DeviceRows input = Rows(x, hidden), logits = Rows(rows, block.Config.Count), both = Rows(places, up + width), inner = Rows(places, width), results = Rows(places, hidden);
        DeviceRows output = Rows(y, hidden), sharedBoth = Rows(rows, 2 * DeviceMatrix.Padded(block.Config.SharedWidth) + 1), sharedResult = Rows(rows, hidden), sharedGate = Rows(rows, 1);
        Run(recording =>
        {
            product.Run(recording, input, rows, (router, null, logits));
            routes.Choose(recording, logits, rows);
            product.RunExperts(recording, input, places: false, rows, routes, gateAndUp, up + width, both);
            ProductInput gated = product.InputFor(down, inner);
            Elementwise.Gate(Device, recording, Activation.Silu, both, both.From(up), places, width, gated);
            product.RunExperts(recording, gated, places: true, places, routes, down, hidden, results);
            if (block.Config.SharedWidth == 0) routes.Combine(recording, results, null, rows, hidden, output, factor);
            else
            {
                int sharedUp = DeviceMatrix.Padded(block.Config.SharedWidth);
                DeviceRows sharedInner = Rows(rows, block.Config.SharedWidth);
                product.Run(recording, input, rows, (Matrix(block.SharedGateAndUp), null, sharedBoth), (Matrix(block.SharedGate!), null, sharedGate));
                Elementwise.Gate(Device, recording, Activation.Silu, sharedBoth, sharedBoth.From(sharedUp), rows, block.Config.SharedWidth, sharedInner);
                product.Run(recording, sharedInner, rows, (Matrix(block.SharedDown!), null, sharedResult));
                routes.Combine(recording, results, (sharedResult, sharedGate), rows, hidden, output, factor);
            }
        });
        float[] actual = Read(output, rows, hidden);
        FreeBuffers();
        return actual;
    }

    private sealed class Block : IDisposable
    {
        public Block(Random random, WeightDtype type, ExpertsConfig config, int hidden, int width)
        {
            (Config, Hidden, Width) = (config, hidden, width);
            WeightMatrix New(int rows, int columns, WeightDtype of) => WeightMatrix.FromValues(Draw(random, rows * columns), of, rows, columns);
            Router = New(config.Count, hidden, WeightDtype.F32);
            GateAndUp = [.. Enumerable.Range(0, 2 * config.Count).Select(_ => New(width, hidden, type))];
            Down = [.. Enumerable.Range(0, config.Count).Select(_ => New(hidden, width, type))];
            if (config.SharedWidth == 0) return;
            SharedGateAndUp = [New(config.SharedWidth, hidden, type), New(config.SharedWidth, hidden, type)];
            SharedDown = New(hidden, config.SharedWidth, type);
            SharedGate = New(1, hidden, WeightDtype.F32);
        }

        public ExpertsConfig Config { get; }

        public int Hidden { get; }

        public int Width { get; }

        public WeightMatrix Router { get; }

        public WeightMatrix[] GateAndUp { get; }

        public WeightMatrix[] Down { get; }

        public WeightMatrix[] SharedGateAndUp { get; } = [];

        public WeightMatrix? SharedDown { get; }

        public WeightMatrix? SharedGate { get; }

        public void Dispose()
        {
            foreach (WeightMatrix? matrix in (WeightMatrix?[])[Router, .. GateAndUp, .. Down, .. SharedGateAndUp, SharedDown, SharedGate]) matrix?.Dispose();
        }

        /// <summary>y + factor * the block. margins: by how much the last chosen expert of a row is more probable than the next one.</summary>
        public float[] Expected(float[] x, int rows, float[] y, float factor, out double[] margins)
        {
            var result = new float[rows * Hidden];
            margins = new double[rows];
            for (int row = 0; row < rows; row++)
            {
                double[] own = [.. x.Skip(row * Hidden).Take(Hidden).Select(value => (double)value)];
                double[] logits = Multiply(Router, own), powers = [.. logits.Select(logit => Math.Exp(logit - logits.Max()))];
                double[] shares = [.. powers.Select(power => power / powers.Sum())];
                int[] order = [.. Enumerable.Range(0, Config.Count).OrderByDescending(e => shares[e])];
                margins[row] = Config.Chosen < Config.Count ? shares[order[Config.Chosen - 1]] - shares[order[Config.Chosen]] : 1;
                double total = Config.Normalized ? order.Take(Config.Chosen).Sum(e => shares[e]) : 1;
                var sum = new double[Hidden];
                foreach (int e in order.Take(Config.Chosen)) Add(sum, FeedForward(GateAndUp[2 * e], GateAndUp[2 * e + 1], Down[e], own), shares[e] / total);
                if (SharedDown is not null) Add(sum, FeedForward(SharedGateAndUp[0], SharedGateAndUp[1], SharedDown, own), 1 / (1 + Math.Exp(-Multiply(SharedGate!, own)[0])));
                for (int h = 0; h < Hidden; h++) result[row * Hidden + h] = (float)(y[row * Hidden + h] + factor * sum[h]);
            }
            return result;
        }

        private static void Add(double[] sum, double[] values, double weight)
        {
            for (int i = 0; i < sum.Length; i++) sum[i] += weight * values[i];
        }

        private static double[] FeedForward(WeightMatrix gate, WeightMatrix up, WeightMatrix down, double[] x) =>
            Multiply(down, [.. Multiply(gate, x).Zip(Multiply(up, x), (g, u) => g / (1 + Math.Exp(-g)) * u)]);

        private static double[] Multiply(WeightMatrix weights, double[] x)
        {
            var row = new float[weights.Columns];
            var y = new double[weights.Rows];
            for (int n = 0; n < y.Length; n++)
            {
                weights.CopyRow(n, row);
                for (int k = 0; k < row.Length; k++) y[n] += row[k] * x[k];
            }
            return y;
        }
    }
}
