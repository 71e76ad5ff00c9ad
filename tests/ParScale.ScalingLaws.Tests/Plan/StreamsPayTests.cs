using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class StreamsPayTests
{
    private static readonly PlanRequest OnCard = PlannerTests.Request with { Device = Assert.IsType<Device>(Devices.Find("a100")), Work = new Workload(1, 128, 128) };

    private static readonly StreamsPay Pay = Assert.IsType<StreamsPay>(StreamsPay.Of(OnCard, Choice(OnCard, 8)));

    [Fact]
    public void The_twin_is_plain_and_of_equal_loss()
    {
        Assert.Equal(1, Pay.Twin.Streams);
        Assert.Equal(Pay.Streams.Loss, Pay.Twin.Loss, 1e-3);
        Assert.True(Pay.Twin.MemoryBytes > Pay.Streams.MemoryBytes);
    }

    [Fact]
    public void From_its_batch_on_the_twin_is_as_fast_and_before_it_is_not()
    {
        int batch = Assert.IsType<int>(Pay.Batch);
        Assert.InRange(batch, 2, 1024);
        Assert.True(Step(Pay.Twin, batch) <= Step(Pay.Streams, batch));
        Assert.True(Step(Pay.Twin, batch / 2) > Step(Pay.Streams, batch / 2));
    }

    [Fact]
    public void From_its_context_on_the_twin_needs_no_more_memory()
    {
        int context = Assert.IsType<int>(Pay.Context);
        Assert.True(Bytes(Pay.Twin, context) <= Bytes(Pay.Streams, context));
        Assert.True(Bytes(Pay.Twin, context / 2) > Bytes(Pay.Streams, context / 2));
    }

    [Fact]
    public void After_its_output_both_took_the_same_time()
    {
        double Total(PlanChoice choice) => choice.PrefillSeconds + choice.DecodeSeconds * Pay.OutputToBreakEven;
        Assert.Equal(1, Total(Pay.Streams) / Total(Pay.Twin), 1e-9);
    }

    [Fact]
    public void Where_arithmetic_is_slow_streams_never_pay()
    {
        PlanRequest request = OnCard with { Device = Devices.Measured("reads well", 1e12, 1e12, 1e9, 1e9) };
        StreamsPay pay = Assert.IsType<StreamsPay>(StreamsPay.Of(request, Choice(request, 8)));
        Assert.Equal(1, pay.Batch);
        Assert.Equal(double.PositiveInfinity, pay.OutputToBreakEven);
    }

    private static PlanChoice Choice(PlanRequest request, int streams) =>
        Planner.Consider(request, Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B")), streams, WeightDtype.Bf16);

    private static double Step(PlanChoice choice, int batch) =>
        CostModel.DecodeSeconds(choice.Query with { Work = choice.Query.Work with { Batch = batch } }, choice.Query.Work.Context);

    private static double Bytes(PlanChoice choice, int context) =>
        CostModel.Memory(choice.Query with { Work = new Workload(1, context, 0) }).Total;
}
