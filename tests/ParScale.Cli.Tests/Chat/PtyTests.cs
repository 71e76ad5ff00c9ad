using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Chat;

/// <summary>The chat in a terminal of its own, by <c>script</c> of util-linux: colours, signals, and the state the terminal is left in.</summary>
public sealed partial class PtyTests(ChatModel model, TinyModel longContext) : IDisposable
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Prompt = "\u001b[2C";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ctrl_C_stops_the_answer_and_not_the_program()
    {
        // The shell is in the terminal's foreground too: it has to outlive the signal.
        await using Pty pty = Start($"trap : INT; $PARSCALE chat -m {longContext.Folder} --chat-template chatml --ignore-eos -n 60000; echo exit $?; stty -a");
        await pty.Until(Prompt);
        await pty.Type("hello\r");
        // The mark of waiting goes when the answer begins.
        await pty.Until("\u001b[K");
        await pty.Type(CtrlC);
        await pty.Until("| stopped");
        await pty.Until(Prompt);
        await pty.Type("/stats\r");
        await pty.Until("stream 1");
        await pty.Type(CtrlD);
        string end = await pty.Until("lflags", "icanon");
        Assert.Contains("exit 0", end, StringComparison.Ordinal);
        // As the shell had it: lines, echo, signals.
        foreach (string mode in (string[])["icanon", "echo", "isig", "opost", "icrnl"]) Assert.Matches($@"(?<![-\w]){mode}\b", await pty.ToEnd());
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("NO_COLOR=1", false)]
    public async Task Colours_come_unless_they_are_not_wanted(string environment, bool colours)
    {
        await using Pty pty = Start($"{environment} $PARSCALE chat -m $MODEL --temp 0 --ignore-eos -n 4; echo exit $?");
        await pty.Until(Prompt);
        await pty.Type("日本\r");
        await pty.Until(Prompt);
        await pty.Type(CtrlC + CtrlC);
        string all = await pty.ToEnd();
        Assert.Contains("exit 130", all, StringComparison.Ordinal);
        Assert.Contains("日本", all, StringComparison.Ordinal);
        Assert.Equal(colours, Colour().IsMatch(all));
    }

    [Fact]
    public async Task A_terminal_without_control_codes_gets_none()
    {
        await using Pty pty = Start("TERM=dumb NO_COLOR=1 $PARSCALE chat -m $MODEL --temp 0 --ignore-eos -n 4 -q; echo exit $?");
        await pty.Until("> ");
        await pty.Type("hello\n/exit\n");
        string all = await pty.ToEnd();
        Assert.Contains("exit 0", all, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", all, StringComparison.Ordinal);
    }

    private Pty Start(string line) => new(line, model.Chat, _folder.Path);

    [GeneratedRegex("\u001b\\[[0-9;]+m")]
    private static partial Regex Colour();

    private sealed class Pty : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _seen = new();
        private readonly CancellationTokenSource _patience = new(Patience);
        private int _from;

        public Pty(string line, string model, string state)
        {
            if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script")) Assert.Skip("needs script of util-linux");
            var start = new ProcessStartInfo("/usr/bin/script", ["-qefc", line, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            start.Environment["PARSCALE"] = ToolProcess.Executable;
            start.Environment["MODEL"] = model;
            start.Environment["XDG_STATE_HOME"] = state;
            start.Environment["TERM"] = "xterm-256color";
            start.Environment["SHELL"] = "/bin/sh";
            start.Environment.Remove("NO_COLOR");
            _process = Process.Start(start) ?? throw new InvalidOperationException("script did not start");
        }

        public async Task Type(string keys)
        {
            await _process.StandardInput.WriteAsync(keys.AsMemory(), _patience.Token);
            await _process.StandardInput.FlushAsync(_patience.Token);
        }

        /// <summary>Waits until a text has come since the last such wait; what came until then.</summary>
        public async Task<string> Until(params string[] texts)
        {
            var buffer = new char[4096];
            while (true)
            {
                string all = _seen.ToString();
                foreach (string text in texts)
                {
                    int at = all.IndexOf(text, _from, StringComparison.Ordinal);
                    if (at < 0) continue;
                    string until = all[_from..(at + text.Length)];
                    _from = at + text.Length;
                    return until;
                }
                int count = await _process.StandardOutput.ReadAsync(buffer, _patience.Token);
                if (count == 0) throw new InvalidOperationException($"the terminal ended without {texts[0]}: {all}");
                _seen.Append(buffer, 0, count);
            }
        }

        /// <summary>All that came, when the line has ended.</summary>
        public async Task<string> ToEnd()
        {
            _seen.Append(await _process.StandardOutput.ReadToEndAsync(_patience.Token));
            return _seen.ToString();
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
            _patience.Dispose();
        }
    }
}
