using ParScale.Cli.Planning;

namespace ParScale.Cli.Tests.Planning;

public class TextTableTests
{
    [Fact]
    public void Names_stand_left_and_figures_right()
    {
        var table = new TextTable("model", "P", "note");
        table.Add("a", "10", "x");
        table.Add("longer", "2", "");
        var output = new StringWriter();
        table.Write(output, names: 1, lastIsName: true);
        Assert.Equal("model    P  note\na       10  x\nlonger   2\n", output.ToString());
    }
}
