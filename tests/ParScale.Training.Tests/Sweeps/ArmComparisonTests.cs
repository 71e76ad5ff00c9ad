using ParScale.Training.Commands;
using ParScale.Training.Evaluation;
using ParScale.Training.Runs;
using ParScale.Training.Sweeps;

namespace ParScale.Training.Tests.Sweeps;

public sealed class ArmComparisonTests
{
    [Fact]
    public void Differences_have_the_interval_of_student_and_the_p_of_all_signs()
    {
        PairedDifference difference = ArmComparison.Differ([-0.03, -0.01, -0.02])!;
        // t(2, 97.5 %) = 4.302653, deviation 0.01.
        Assert.Equal(-0.02, difference.Mean, 1e-12);
        Assert.Equal(-0.02 - 4.302653 * 0.01 / Math.Sqrt(3), difference.Low!.Value, 1e-7);
        Assert.Equal(-0.02 + 4.302653 * 0.01 / Math.Sqrt(3), difference.High!.Value, 1e-7);
        // Of eight choices of signs only all and none give as much.
        Assert.Equal(0.25, difference.P);
        Assert.Equal(0.5, ArmComparison.Differ([-0.01, 0.03, 0.04])!.P);
        PairedDifference one = ArmComparison.Differ([0.2])!;
        Assert.Equal((1, null, 1.0), (one.Pairs, one.Low, one.P));
        Assert.Null(ArmComparison.Differ([]));
    }

    [Fact]
    public void Arms_are_the_runs_that_differ_in_their_seed()
    {
        using var folder = new TempFolder();
        Write(folder, "plain-p1-s1", 3.2, null);
        Write(folder, "plain-p1-s2", 3.1, null);
        Write(folder, "wide-p2-s1", 3.15, [3.3, 3.17]);
        Write(folder, "wide-p2-s2", 3.09, [3.1, 3.12]);
        folder.Write("sweep.json", """
            {"threads": 1, "runs": {
              "plain-p1-s1": {"seed": "1"}, "plain-p1-s2": {"seed": "2"}, "wide-p2-s1": {"seed": "1"}, "wide-p2-s2": {"seed": "2"},
              "late-p4-s1": {"seed": "1"}}}
            """);
        ArmComparison comparison = ArmComparison.Read(folder.Path, "plain-p1");
        Assert.Equal(["plain-p1", "wide-p2"], comparison.Arms.Select(arm => arm.Name));
        ArmRow wide = comparison.Arms[1];
        Assert.Null(comparison.Arms[0].Difference);
        Assert.Null(comparison.Arms[0].Rho);
        Assert.Equal((2, 0.97), (wide.Seeds, wide.Rho));
        Assert.Equal(3.135, wide.BestStream!.Value, 1e-12);
        Assert.Equal(3.21, wide.WorstStream!.Value, 1e-12);
        Assert.Equal(3.135 - 3.12, wide.Gain!.Value, 1e-12);
        Assert.Equal(-0.03, wide.Difference!.Mean, 1e-12);
        Assert.Equal((0.5, 0.5), (wide.Difference.P, wide.Difference.HolmP));
        Assert.Equal("SW-09", Assert.Throws<ParScaleException>(() => ArmComparison.Read(folder.Path, "other")).Code);
        Assert.Equal(0, CommandLine.Run(["compare", folder.Path, "--baseline", "plain-p1"]));
    }

    [Fact]
    public void Runs_that_were_finished_elsewhere_are_read_from_the_table_of_the_folder()
    {
        using var folder = new TempFolder();
        Write(folder, "plain-s1", 3.2, null);
        folder.Write("sweep.json", """{"threads": 1, "runs": {"plain-s1": {"seed": "1"}, "wide-s1": {"seed": "1"}, "late-s1": {"seed": "1"}}}""");
        folder.Write("results.csv", """
            name,model,loss,seed,rho,cosine,best_stream,worst_stream,elastic,settings
            plain-s1,plain,9,1,,,,,,a
            wide-s1,wide,3.1,1,0.97,0.9,3.17,3.3,,b
            """);
        ArmComparison comparison = ArmComparison.Read(folder.Path, "wide");
        Assert.Equal([("plain", 3.2), ("wide", 3.1)], comparison.Arms.Select(arm => (arm.Name, arm.Loss)));
        Assert.Equal(0.97, comparison.Arms[1].Rho);
    }

    [Fact]
    public void Runs_that_differ_in_nothing_but_the_seed_are_one_arm_whatever_it_is()
    {
        using var folder = new TempFolder();
        string seeds = folder.Write("seeds.csv", "name,loss,seed,settings\ns1,3.2,1,a\ns_2,3.1,-2,a\n");
        Assert.Equal(("s", 2), Assert.Single(ArmComparison.Read(seeds, "s").Arms.Select(arm => (arm.Name, arm.Seeds))));
        string models = folder.Write("models.csv", "name,loss,seed,settings\na-s_1,3.2,-1,a\na-s2,3.1,2,a\nb-s_1,3.2,-1,a\nas2,3,2,a\n");
        Assert.Equal([("a", 2), ("b", 1), ("as2", 1)], ArmComparison.Read(models, "a").Arms.Select(arm => (arm.Name, arm.Seeds)));
    }

    [Fact]
    public void A_table_gives_the_same_as_its_folder()
    {
        using var folder = new TempFolder();
        string table = folder.Write("results.csv", """
            name,model,loss,seed,rho,cosine,best_stream,worst_stream,elastic,settings
            plain-s1,plain,3.2,1,,,,,,a
            plain-s2,plain,3.1,2,,,,,,a
            wide-s1,wide,3.15,1,0.97,0.9,3.17,3.3,1:3.2 2:3.15,b
            wide-s2,wide,3.09,2,0.97,0.9,3.1,3.12,1:3.1 2:3.09,b
            """);
        ArmComparison comparison = ArmComparison.Read(table, "plain");
        ArmRow wide = comparison.Arms[1];
        Assert.Null(comparison.Arms[0].Rho);
        Assert.Equal(-0.03, wide.Difference!.Mean, 1e-12);
        Assert.Equal(3.135 - 3.12, wide.Gain!.Value, 1e-12);
        Assert.Equal([(1, 3.15), (2, 3.12)], wide.Elastic!.Select(cut => (cut.Streams, Math.Round(cut.Loss, 9))));
        string mixed = folder.Write("mixed.csv", """
            name,model,loss,seed,elastic,settings
            plain-s1,plain,3.2,1,,a
            plain-s2,plain,3.1,2,,a
            wide-s1,wide,3.15,1,1:3.2 2:3.15,b
            wide-s2,wide,3.09,2,,b
            deep-s1,deep,3.15,1,1:3.2 4:3.15,c
            deep-s2,deep,3.09,2,1:3.3 2:3.1 4:3.09,c
            """);
        comparison = ArmComparison.Read(mixed, "plain");
        Assert.Null(comparison.Arms[1].Elastic);
        Assert.Equal([(1, 3.25), (4, 3.12)], comparison.Arms[2].Elastic!.Select(cut => (cut.Streams, Math.Round(cut.Loss, 9))));
        folder.Write("broken.csv", "name,loss,seed,settings\na-s1,much,1,x\n");
        Assert.Equal("SW-10", Assert.Throws<ParScaleException>(() => ArmComparison.Read(folder.File("broken.csv"), "a")).Code);
        folder.Write("other.csv", "name,loss\n");
        Assert.Equal("SW-10", Assert.Throws<ParScaleException>(() => ArmComparison.Read(folder.File("other.csv"), "a")).Code);
    }

    private static void Write(TempFolder folder, string name, double loss, double[]? streams)
    {
        string path = folder.File($"runs/{name}");
        Directory.CreateDirectory(path);
        var report = streams is null ? null : new StreamReport(streams, loss, 0.97, 0.9, [0.5, 0.5], 1, 1);
        var measured = new ValidationLoss(loss, loss / 2, report);
        new RunResult(true, 10, 10, 1, 100, 10, measured, measured, path).Save();
    }
}
