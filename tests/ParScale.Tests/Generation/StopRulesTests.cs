using ParScale.Generation;

namespace ParScale.Tests.Generation;

public class StopRulesTests
{
    [Theory]
    [InlineData("hello END there", "END", "hello ")]
    [InlineData("no stop here EN", "END", "no stop here EN")]
    [InlineData("aab", "ab", "a")]
    [InlineData("ENEND", "END", "EN")]
    [InlineData("END", "END", "")]
    [InlineData("x\n\ny", "\n\n", "x")]
    public void Text_up_to_the_stop_comes_out_however_it_is_cut(string text, string stop, string expected)
    {
        for (int size = 1; size <= text.Length; size++)
        {
            var rules = new StopRules([stop]);
            string shown = string.Concat(text.Chunk(size).Select(piece => rules.Append(new string(piece))));
            Assert.Equal(expected, shown + rules.Flush());
            Assert.Equal(text.Contains(stop, StringComparison.Ordinal), rules.Stopped);
        }
    }

    [Fact]
    public void A_possible_beginning_is_held_back_and_released()
    {
        var rules = new StopRules(["END"]);
        Assert.Equal("a", rules.Append("aE"));
        Assert.Equal("", rules.Append("N"));
        Assert.Equal("ENX", rules.Append("X"));
        Assert.False(rules.Stopped);
    }

    [Fact]
    public void The_earliest_of_several_stops_wins()
    {
        var rules = new StopRules(["world", "lo w"]);
        Assert.Equal("hel", rules.Append("hello world"));
        Assert.True(rules.Stopped);
        Assert.Equal("", rules.Append("more") + rules.Flush());
    }

    [Fact]
    public void Without_stops_nothing_is_held() => Assert.Equal("E", new StopRules([]).Append("E"));
}
