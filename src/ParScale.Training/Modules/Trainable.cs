using ParScale.Configuration;

namespace ParScale.Training.Modules;

/// <summary>Which models the modules here compute.</summary>
internal static class Trainable
{
    /// <summary>Refuses a model that these modules would train as another one.</summary>
    /// <exception cref="ParScaleException">TR-22.</exception>
    public static void Require(ModelConfig model)
    {
        LayerConfig known = LayerConfig.Qwen2(1, model.HeadSize, model.IntermediateSize, model.RopeTheta)[0];
        if (model.Family == "qwen2" && model.Layers.All(layer => layer == known)) return;
        throw ParScaleException.Usage("TR-22",
            $"a model of type {model.Family} with these layers runs, but is not trained yet; take a qwen2 model without windows and scaled RoPE");
    }
}
