using ParScale.Configuration;
using ParScale.Training.Reporting;

namespace ParScale.Training.Tests.Reporting;

public sealed class ModelWorkTests
{
    [Fact]
    public void A_plain_model_costs_six_operations_a_weight_and_twelve_a_number_of_attention()
    {
        CheckpointConfig config = RandomCheckpoint.Config(1, hidden: 32, intermediate: 48, vocabulary: 70);
        // q and o: 32 x 32 each; k and v: 32 x 16 each; three of 32 x 48.
        const double Layer = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48;
        Assert.Equal(6 * (2 * Layer + 32 * 70) + 12 * 2 * 32 * 100, ModelWork.TrainingPerToken(config, context: 100));
    }

    [Fact]
    public void Streams_repeat_the_layers_but_not_the_head()
    {
        CheckpointConfig config = RandomCheckpoint.Config(4, hidden: 32, intermediate: 48, vocabulary: 70);
        const double Layer = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48;
        const double Mixing = 4 * 32 * 32 + 32 * 4;
        const double Attention = 12 * 4 * 2 * 32 * (100 + 5);
        Assert.Equal(6 * (4 * 2 * Layer + Mixing + 32 * 70) + Attention, ModelWork.TrainingPerToken(config, context: 100));
        Assert.Equal(4 * (4 * 2 * Layer + 32 * 70) + 6 * Mixing + Attention, ModelWork.TrainingPerToken(config, context: 100, frozen: true));
        // An anchor that does not learn is computed forward alone, and its keys and values take no gradient.
        CheckpointConfig anchored = RandomCheckpoint.Config(4, hidden: 32, intermediate: 48, vocabulary: 70, anchored: true);
        Assert.Equal(
            (2 + 3 * 4) * 2 * Layer + 4 * 32 * 70 + 6 * Mixing + Attention / 4 * (3 + 1 / 3.0), ModelWork.TrainingPerToken(anchored, context: 100, frozen: true), 1e-6);
        Assert.Equal(6 * (4 * 2 * Layer + Mixing + 32 * 70) + Attention, ModelWork.TrainingPerToken(anchored, context: 100));
    }
}
