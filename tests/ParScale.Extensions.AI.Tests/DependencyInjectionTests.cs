using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ParScale.Extensions.AI.Tests.Support;

namespace ParScale.Extensions.AI.Tests;

/// <summary>One model for an application, from its container.</summary>
public sealed class DependencyInjectionTests(ChatFolder folder)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_loads_one_model_and_disposes_it()
    {
        LanguageModel model;
        await using (ServiceProvider provider = Provider(options => (options.Model, options.ModelId) = (folder.Path, "small")))
        {
            var client = provider.GetRequiredService<IChatClient>();
            ChatResponse response = await client.GetResponseAsync("hello", new ChatOptions { MaxOutputTokens = 4, Temperature = 0 }, Token);
            Assert.Equal("small", response.ModelId);
            model = provider.GetRequiredService<LanguageModel>();
            Assert.Same(model, client.GetService<LanguageModel>());
            Assert.Same(client, provider.GetRequiredService<ParScaleChatClient>());
        }
        Assert.Throws<ObjectDisposedException>(() => { model.GenerateAsync("hello", cancellationToken: Token); });
    }

    [Fact]
    public void Middleware_goes_before_it()
    {
        var services = new ServiceCollection();
        services.AddParScale(options => options.Model = folder.Path);
        services.AddChatClient(provider => provider.GetRequiredService<ParScaleChatClient>()).UseFunctionInvocation();
        using ServiceProvider provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IChatClient>();
        Assert.NotNull(client.GetService<FunctionInvokingChatClient>());
        Assert.Same(provider.GetRequiredService<ParScaleChatClient>(), client.GetService<ParScaleChatClient>());
    }

    [Fact]
    public void Options_choose_how_it_is_loaded_and_further_streams()
    {
        using ServiceProvider provider = Provider(options =>
        {
            options.Model = folder.Path;
            options.Load = new LoadOptions { Streams = 1 };
            options.StreamSets["again"] = folder.Path;
        });
        var model = provider.GetRequiredService<LanguageModel>();
        Assert.Equal(1, model.Streams.Count);
        Assert.Contains(model.StreamSets, set => set.Name == "again" && set.Count == ChatFolder.Streams);
    }

    [Fact]
    public void Wrong_options_are_found_before_anything_is_loaded()
    {
        using ServiceProvider provider = Provider(options =>
        {
            options.Model = "not/there";
            options.StreamSets["add-on"] = "nor/there";
        });
        var wrong = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(wrong.Failures, failure => failure.Contains("\"not/there\"", StringComparison.Ordinal));
        Assert.Contains(wrong.Failures, failure => failure.Contains("[\"add-on\"]", StringComparison.Ordinal));
        Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IChatClient>);
    }

    private static ServiceProvider Provider(Action<ParScaleOptions> configure) => new ServiceCollection().AddParScale(configure).BuildServiceProvider();
}
