using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Tests.Cost;

public class ProductRatesTests
{
    private static readonly ProductRates Rates = new(
    [
        new(WeightDtype.Q8, 8, 400), new(WeightDtype.Q8, 1, 100), new(WeightDtype.Q8, 2, 160), new(WeightDtype.Q4, 1, 90),
    ]);

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 160)]
    [InlineData(8, 400)]
    [InlineData(512, 400)]
    public void Measured_rows_have_their_rate_and_more_the_last(double rows, double rate) => Assert.Equal(rate, Rates.RateFor(WeightDtype.Q8, rows)!.Value, 1e-9);

    [Fact]
    public void Between_two_measurements_the_time_grows_evenly()
    {
        // 2 / 160 s for two rows, 8 / 400 s for eight; halfway between are five.
        Assert.Equal(5 / ((2.0 / 160 + 8.0 / 400) / 2), Rates.RateFor(WeightDtype.Q8, 5)!.Value, 1e-9);
        Assert.Null(Rates.RateFor(WeightDtype.F32, 1));
    }

    [Fact]
    public void A_disturbed_measurement_makes_no_row_cheaper()
    {
        var disturbed = new ProductRates([new(WeightDtype.Q8, 1, 10), new(WeightDtype.Q8, 2, 40), new(WeightDtype.Q8, 4, 40)]);
        double Seconds(double rows) => rows / disturbed.RateFor(WeightDtype.Q8, rows)!.Value;
        Assert.Equal([0.1, 0.1, 0.1, 0.1, 0.2], new[] { 1, 1.5, 2, 4, 8 }.Select(rows => Math.Round(Seconds(rows), 9)));
    }

    [Fact]
    public void The_cost_model_takes_the_larger_of_reading_and_products()
    {
        static ProductRates Products(double rate) => new([new(WeightDtype.Q8, 1, rate), new(WeightDtype.Q8, 8, rate)]);
        static CostQuery Query(double rate) => new()
        {
            Shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B")),
            Streams = 8,
            Weights = WeightDtype.Q8,
            Cache = KvDtype.Bf16,
            Work = new Workload(1, 1, 1),
            Device = Devices.Measured("here", 1e12, 30e9, 1e15, 1, Products(rate)) with { LayerSeconds = 0, Overlap = double.PositiveInfinity },
        };
        static double Decode(double rate) => CostModel.DecodeSeconds(Query(rate), 0);
        double weights = CostModel.Memory(Query(1)).Weights + CostModel.Memory(Query(1)).Aggregator;
        Assert.Equal(1, Decode(1e15) / (weights / Query(1).Device.ReadReached), 0.01);
        Assert.Equal(2, Decode(1e9) / Decode(2e9), 0.01);
        Assert.Equal(8, Decode(1e9) / CostModel.DecodeSeconds(Query(1e9) with { Streams = 1 }, 0), 1.0);
    }
}
