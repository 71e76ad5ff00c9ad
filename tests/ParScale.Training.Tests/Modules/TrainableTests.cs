using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Modules;

public class TrainableTests
{
    [Fact]
    public void TR_22_a_family_that_is_not_trained_yet_is_named()
    {
        foreach (string name in FamilyConfigs.Names)
        {
            ParScaleException refused = Assert.Throws<ParScaleException>(() => Trainable.Require(FamilyConfigs.Read(name).Model));
            Assert.Equal("TR-22", refused.Code);
            Assert.Contains(FamilyConfigs.Read(name).Model.Family, refused.Message, StringComparison.Ordinal);
        }
        Trainable.Require(RandomCheckpoint.Config().Model);
    }
}
