using ParScale.Training.Data.Parquet;

namespace ParScale.Training.Tests.Data.Parquet;

public sealed class ParquetFieldTests
{
    // A list of structs or texts in every form that writers have used; told is whether the repeated level only wraps the element.
    [Theory]
    [InlineData("list", true, "element")]
    [InlineData("bag", true, "array")]
    [InlineData("array", false, "content")]
    [InlineData("messages_tuple", false, "content")]
    [InlineData("list", false, "role", "content")]
    [InlineData("array", false)]
    public void Lists_are_known_in_all_their_forms(string repeatedName, bool wraps, params string[] below)
    {
        List<SchemaElement> elements = [Element("root", 0, 1), Element("messages", 1, 1, isList: true), Element(repeatedName, 2, below.Length)];
        elements.AddRange(below.Select(name => Element(name, 1, 0)));
        ParquetField messages = ParquetField.Build(elements).Children[0];
        ParquetField repeated = Assert.IsType<ParquetField>(messages.RepeatedOfList);
        Assert.Equal(wraps, repeated.HoldsElement(messages));
        Assert.Equal((1, 2, 1), (messages.Definition, repeated.Definition, repeated.Repetition));
        Assert.Equal(Math.Max(1, below.Length), messages.Leaves.Count);
        Assert.All(repeated.Children, leaf => Assert.Equal((3, 1), (leaf.Definition, leaf.Repetition)));
    }

    [Fact]
    public void A_schema_that_is_no_tree_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => ParquetField.Build([Element("root", 0, 2), Element("text", 1, 0)]));
        Assert.Throws<InvalidDataException>(() => ParquetField.Build([Element("root", 0, 1), Element("text", 1, 0), Element("more", 1, 0)]));
        Assert.Throws<InvalidDataException>(() => ParquetField.Build([.. Enumerable.Repeat(Element("deep", 1, 1), 100), Element("text", 1, 0)]));
    }

    private static SchemaElement Element(string name, int repetition, int children, bool isList = false) =>
        new(name, children > 0 ? null : ParquetType.Bytes, repetition, children, isList, IsNumberInBytes: false, IsNull: false);
}
