using Microsoft.SemanticKernel;
using ParScale;
using ParScale.Extensions.AI;
using ParScale.Text.Chat;

// Semantic Kernel takes the chat client of the container. The first argument is the folder of a chat model; without one the embedded model
// answers, which learned plays and not chats.
IKernelBuilder builder = Kernel.CreateBuilder();
builder.Services.AddParScale(options =>
{
    options.Model = args.FirstOrDefault();
    if (options.Model is null) options.Load = new LoadOptions { ChatTemplate = ChatTemplate.ChatMl };
});
Kernel kernel = builder.Build();

var settings = new PromptExecutionSettings { ExtensionData = new Dictionary<string, object> { ["temperature"] = 0.7, ["max_tokens"] = 80 } };
var arguments = new KernelArguments(settings) { ["name"] = "Romeo" };
await foreach (StreamingKernelContent piece in kernel.InvokePromptStreamingAsync("Who is {{$name}}?", arguments)) Console.Write(piece);
Console.WriteLine();
