using ParScale.Hub;

namespace ParScale.Tests.Hub;

public class HubNameTests
{
    [Theory]
    [InlineData("ParScale/ParScale-1.8B-P8-Inst", "ParScale/ParScale-1.8B-P8-Inst", "main")]
    [InlineData("a/b@v1.0", "a/b", "v1.0")]
    [InlineData("a/b@refs/pr/1", "a/b", "refs/pr/1")]
    [InlineData("a/b@main", "a/b", "main")]
    public void Names_are_read(string text, string id, string revision)
    {
        ModelName name = ModelName.Parse(text);
        Assert.Equal((id, revision), (name.Id, name.Revision));
        Assert.Equal(revision == "main" ? id : text, name.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("model")]
    [InlineData("a/b/c")]
    [InlineData("/b")]
    [InlineData("a/")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("a\\b")]
    [InlineData("C:/b")]
    [InlineData("a/b--c")]
    [InlineData("a/b.git")]
    [InlineData("a/b c")]
    [InlineData("a/b\0")]
    [InlineData("~/b")]
    [InlineData("ä/b")]
    [InlineData("a/b@")]
    [InlineData("a/b@../x")]
    [InlineData("a/b@/x")]
    [InlineData("a/b@x//y")]
    [InlineData("a/b@x.")]
    [InlineData("a/b@CON")]
    [InlineData("a/b@.hidden")]
    [InlineData("a/b@-x")]
    [InlineData("a/b@c@d")]
    public void What_is_no_name_is_refused(string text)
    {
        Assert.False(ModelName.TryParse(text, out _));
        Assert.Equal("HB-20", Assert.Throws<ParScaleException>(() => ModelName.Parse(text)).Code);
    }

    [Fact]
    public void Environment_variables_mean_what_they_mean_to_python()
    {
        static HubEnvironment With(params string[] pairs)
        {
            var values = pairs.ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=')[1]);
            return new HubEnvironment(name => values.GetValueOrDefault(name));
        }
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal(Path.Combine(home, ".cache", "huggingface", "hub"), With().CacheFolder);
        Assert.Equal("/x/huggingface/hub", With("XDG_CACHE_HOME=/x").CacheFolder);
        Assert.Equal("/h/hub", With("XDG_CACHE_HOME=/x", "HF_HOME=/h").CacheFolder);
        Assert.Equal("/c", With("HF_HOME=/h", "HF_HUB_CACHE=/c").CacheFolder);
        Assert.Equal(home + "/c/one/two", With("HF_HUB_CACHE=~/c/$A/${B}", "A=one", "B=two").CacheFolder);
        Assert.Equal("/c/$NOT/${NOT}", With("HF_HUB_CACHE=/c/$NOT/${NOT}").CacheFolder);
        Assert.True(With("HF_HUB_OFFLINE=yes").Offline);
        Assert.True(With("TRANSFORMERS_OFFLINE=1").Offline);
        Assert.False(With("HF_HUB_OFFLINE=0", "TRANSFORMERS_OFFLINE=1").Offline);
        Assert.Equal("https://mirror.example.org/hub/", With("HF_ENDPOINT=https://mirror.example.org/hub/").Endpoint.ToString());
        Assert.Equal(TimeSpan.FromSeconds(3), With("HF_HUB_ETAG_TIMEOUT=3").AnswerTimeout);
    }

    [Fact]
    public void The_token_comes_from_the_first_place_that_has_one()
    {
        using var folder = new TempFolder();
        folder.Write("token", "hf_file\n");
        string path = folder.Write("other", "hf_path");
        string? Token(params (string Name, string Value)[] values) =>
            new HubEnvironment(name => values.Append(("HF_HOME", folder.Path)).FirstOrDefault(pair => pair.Item1 == name).Item2).Token();
        Assert.Equal("hf_file", Token());
        Assert.Equal("hf_path", Token(("HF_TOKEN_PATH", path)));
        Assert.Equal("hf_variable", Token(("HF_TOKEN", " hf_variable "), ("HF_TOKEN_PATH", path)));
        Assert.Null(Token(("HF_TOKEN", "hf_variable"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")));
        ParScaleException error = Assert.Throws<ParScaleException>(() => Token(("HF_TOKEN", "hf_se cret")));
        Assert.Equal("HB-23", error.Code);
        Assert.DoesNotContain("cret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "huggingface.co")]
    [InlineData("HF_ENDPOINT", "ftp://x")]
    [InlineData("HF_ENDPOINT", "https://user:password@x")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "soon")]
    [InlineData("HF_HUB_ETAG_TIMEOUT", "-1")]
    public void A_malformed_variable_is_named(string variable, string value)
    {
        var options = new HubOptions { Environment = new HubEnvironment(name => name == variable ? value : null) };
        ParScaleException error = Assert.Throws<ParScaleException>(() => new HubClient(options).Dispose());
        Assert.Equal("HB-23", error.Code);
        Assert.Contains(variable, error.Message, StringComparison.Ordinal);
    }
}
