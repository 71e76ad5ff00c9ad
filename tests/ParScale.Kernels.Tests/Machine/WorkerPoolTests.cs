using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Tests.Machine;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_item_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 300; round++)
        {
            int count = round * 7 % 100 + 1;
            var job = new CountJob(new int[count]);
            pool.Run(ref job, count, 1 + round % 3);
            Assert.All(job.Counts, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void Parked_threads_wake_up()
    {
        using var pool = new WorkerPool(3);
        for (int round = 0; round < 5; round++)
        {
            Thread.Sleep(30);
            var job = new CountJob(new int[1000]);
            pool.Run(ref job, 1000, 1);
            Assert.All(job.Counts, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void Callers_on_many_threads_take_turns()
    {
        using var pool = new WorkerPool(3);
        Parallel.For(0, 8, _ =>
        {
            for (int round = 0; round < 200; round++)
            {
                var job = new CountJob(new int[50]);
                pool.Run(ref job, 50, 1);
                Assert.Equal(50, job.Counts.Sum());
            }
        });
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_pool_lives_on()
    {
        using var pool = new WorkerPool(2);
        var failing = new FailingJob();
        var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(ref failing, 100, 1));
        Assert.IsType<DivideByZeroException>(failure.InnerException);
        var job = new CountJob(new int[10]);
        pool.Run(ref job, 10, 1);
        Assert.Equal(10, job.Counts.Sum());
    }

    [Fact]
    public void A_job_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var job = new CountJob(new int[100]);
        pool.Run(ref job, 100, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++) pool.Run(ref job, 100, 1);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private readonly struct CountJob(int[] counts) : IRangeJob
    {
        public int[] Counts { get; } = counts;

        public void Run(int start, int end)
        {
            for (int i = start; i < end; i++) Interlocked.Increment(ref Counts[i]);
        }
    }

    private readonly struct FailingJob : IRangeJob
    {
        public void Run(int start, int end) => throw new DivideByZeroException();
    }
}
