using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Statements;

namespace ParScale.Text.Chat.Jinja;

/// <summary>Reads macros and call blocks. <paramref name="readBody"/> reads what stands up to the tag that ends them.</summary>
internal sealed class MacroParser(TokenReader tokens, ExpressionParser expressions, Func<Token, string, Statement[]> readBody)
{
    public MacroStatement Macro(Token tag)
    {
        string name = tokens.Expect(TokenKind.Name, "the name of a macro").Text;
        return new MacroStatement(Definition(name, () => Parameters(), tag, "endmacro"));
    }

    public CallStatement Call(Token tag)
    {
        CallExpression? call = null;
        MacroDefinition caller = Definition("caller", Head, tag, "endcall");
        return new CallStatement(caller, call!);

        (string, Expression?)[] Head()
        {
            (string, Expression?)[] parameters = tokens.Current.Is("(") ? Parameters() : [];
            call = expressions.Read() as CallExpression ?? throw tokens.Error("CT-01", tag.Line, "the tag \"call\" needs a call of a macro");
            return parameters;
        }
    }

    private MacroDefinition Definition(string name, Func<(string, Expression?)[]> readHead, Token tag, string end)
    {
        (string, Expression?)[] parameters = readHead();
        int before = expressions.NamesRead.Count;
        Statement[] body = readBody(tag, end);
        HashSet<string> names = [.. expressions.NamesRead.Skip(before)];
        return new MacroDefinition(name, parameters, body, names);
    }

    private (string, Expression?)[] Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        tokens.Expect("(");
        while (!tokens.TakeIf(")"))
        {
            if (parameters.Count > 0) tokens.Expect(",");
            string name = tokens.Expect(TokenKind.Name, "the name of a parameter").Text;
            Expression? otherwise = tokens.TakeIf("=") ? expressions.Read() : null;
            if (otherwise is null && parameters is [.., (_, not null)]) throw tokens.Error("CT-01", "a parameter without a default follows one with a default");
            parameters.Add((name, otherwise));
        }
        return [.. parameters];
    }
}
