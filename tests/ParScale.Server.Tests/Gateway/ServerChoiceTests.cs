using System.Text;
using ParScale.Gateway;

namespace ParScale.Server.Tests.Gateway;

public class ServerChoiceTests
{
    private static readonly string[] Addresses = ["http://a:1", "http://b:1", "http://c:1"];

    [Fact]
    public void Without_a_prompt_the_least_loaded_is_chosen()
    {
        IReadOnlyList<UpstreamServer> servers = Ready();
        var choice = new ServerChoice(servers, mostAhead: 4);
        for (int i = 0; i < 30; i++) choice.Next(null, [])!.Take();
        Assert.All(servers, server => Assert.Equal(10, server.Running));
    }

    [Fact]
    public void A_beginning_stays_with_its_server_up_to_the_cap()
    {
        IReadOnlyList<UpstreamServer> servers = Ready();
        var choice = new ServerChoice(servers, mostAhead: 4);
        UpstreamServer home = choice.Next(7, [])!;
        for (int i = 0; i < 5; i++)
        {
            Assert.Same(home, choice.Next(7, []));
            home.Take();
        }
        UpstreamServer second = choice.Next(7, [])!;
        Assert.NotSame(home, second);
        for (int i = 0; i < 60; i++) choice.Next(7, [])!.Take();
        Assert.InRange(servers.Max(server => server.Running) - servers.Min(server => server.Running), 0, 5);
    }

    [Fact]
    public void A_server_that_goes_moves_only_what_was_its_own()
    {
        IReadOnlyList<UpstreamServer> servers = Ready();
        var choice = new ServerChoice(servers, mostAhead: 4);
        UpstreamServer[] before = [.. Enumerable.Range(0, 300).Select(i => choice.Next((ulong)i, [])!)];
        servers[1].IsReady = false;
        for (int i = 0; i < 300; i++)
            if (before[i] != servers[1]) Assert.Same(before[i], choice.Next((ulong)i, []));
        Assert.All(servers, server => Assert.InRange(before.Count(one => one == server), 70, 130));
    }

    [Fact]
    public void Who_was_tried_or_is_not_ready_is_not_chosen()
    {
        IReadOnlyList<UpstreamServer> servers = Ready();
        servers[0].IsReady = false;
        var choice = new ServerChoice(servers, mostAhead: 4);
        Assert.Same(servers[2], choice.Next(1, [servers[1]]));
        Assert.Null(choice.Next(1, [servers[1], servers[2]]));
    }

    [Theory]
    [InlineData("""{"model": "m", "messages": [{"role": "user", "content": "a"}]}""", """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "model": "m"}""", false)]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}]}""", """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "seed": 3}""", true)]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}]}""", """{"messages": [{"role": "user", "content": "b"}]}""", false)]
    [InlineData("""{"messages": [{"content": {"role": "user"}, "role": "system"}, {"role": "user", "content": "a"}]}""", """{"messages": [{"content": {"role": "user"}, "role": "system"}, {"role": "user", "content": "b"}]}""", false)]
    [InlineData("""{"prompt": "a"}""", """{"prompt": "a", "streams": 4}""", false)]
    [InlineData("""{"prompt": [1, 2]}""", """{"n": 3, "prompt": [1, 2]}""", true)]
    public void Beginnings_are_compared(string one, string other, bool equal) =>
        Assert.Equal(equal, PromptPrefix.Of(Encoding.UTF8.GetBytes(one), "") == PromptPrefix.Of(Encoding.UTF8.GetBytes(other), ""));

    [Fact]
    public void Of_a_long_text_the_beginning_counts()
    {
        byte[] Body(string end) => Encoding.UTF8.GetBytes($$"""{"prompt": "{{new string('x', 2000)}}{{end}}"}""");
        Assert.Equal(PromptPrefix.Of(Body("a"), ""), PromptPrefix.Of(Body("b"), ""));
        Assert.NotEqual(PromptPrefix.Of(Body("a"), ""), PromptPrefix.Of(Body("a"), "another key"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"prompt": """)]
    [InlineData("""{"messages": [{"role": "user" """)]
    [InlineData("""{"input": [}""")]
    public void What_has_no_prompt_is_chosen_for_by_load(string body) => Assert.Null(PromptPrefix.Of(Encoding.UTF8.GetBytes(body), ""));

    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("localhost")]
    [InlineData("ftp://a")]
    [InlineData("http://")]
    [InlineData("http://a/v1")]
    [InlineData("http://a/?x")]
    [InlineData("http://key@a")]
    [InlineData("http://a:1", "http://a:1/")]
    [InlineData]
    public void GW_01_addresses_that_are_none_are_refused(params string[] addresses) =>
        Assert.Equal("GW-01", Assert.Throws<ParScaleException>(() => UpstreamServer.Read(addresses)).Code);

    private static IReadOnlyList<UpstreamServer> Ready()
    {
        IReadOnlyList<UpstreamServer> servers = UpstreamServer.Read(Addresses);
        foreach (UpstreamServer server in servers) server.IsReady = true;
        return servers;
    }
}
