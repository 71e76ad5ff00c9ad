using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ParScale.Extensions.AI;

/// <summary>Registers a model for dependency injection.</summary>
public static class ParScaleServiceCollectionExtensions
{
    /// <summary>
    /// Adds one <see cref="LanguageModel"/> for the application, loaded when it is first asked for and disposed with the container, and a
    /// <see cref="ParScaleChatClient"/> on it, which is the application's <see cref="IChatClient"/> unless another is registered. To put
    /// middleware before it: <c>services.AddChatClient(provider => provider.GetRequiredService&lt;ParScaleChatClient&gt;()).UseLogging()</c>.
    /// </summary>
    /// <param name="services">Where to register.</param>
    /// <param name="configure">Sets the options. They are checked when the application starts, or when the model is first asked for.</param>
    public static IServiceCollection AddParScale(this IServiceCollection services, Action<ParScaleOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<ParScaleOptions> options = services.AddOptions<ParScaleOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ParScaleOptions>, ParScaleOptionsCheck>());
        services.TryAddSingleton(provider => Load(provider.GetRequiredService<IOptions<ParScaleOptions>>().Value));
        services.TryAddSingleton(provider => new ParScaleChatClient(
            provider.GetRequiredService<LanguageModel>(), provider.GetRequiredService<IOptions<ParScaleOptions>>().Value.ModelId));
        services.TryAddSingleton<IChatClient>(provider => provider.GetRequiredService<ParScaleChatClient>());
        return services;
    }

    /// <summary>A chat client of this model. The model stays the caller's to dispose.</summary>
    /// <param name="model">The model.</param>
    /// <param name="modelId">The name that answers carry; null takes that of the model's folder.</param>
    public static ParScaleChatClient AsChatClient(this LanguageModel model, string? modelId = null) => new(model, modelId);

    private static LanguageModel Load(ParScaleOptions options)
    {
        LanguageModel model = LanguageModel.Load(options.Model, options.Load);
        try
        {
            foreach ((string name, string folder) in options.StreamSets) model.AddStreams(folder, name);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
