using ParScale.Training.Modules;
using ParScale.Training.Optimization;

namespace ParScale.Training.Tests.Optimization;

public sealed class DecayGroupsTests
{
    [Fact]
    public void Every_parameter_has_a_group_and_the_matrices_decay()
    {
        using var model = new ParScaleLm(RandomCheckpoint.Config(2, tied: false), prefixMlp: 6);
        foreach ((string name, var parameter) in model.named_parameters())
            Assert.True(DecayGroups.Decays(name) == (parameter.dim() == 2 && !name.Contains("embed", StringComparison.Ordinal)), name);
    }

    [Fact]
    public void An_unknown_parameter_is_not_guessed_at() => Assert.Throws<InvalidOperationException>(() => DecayGroups.Decays("model.new.thing"));
}
