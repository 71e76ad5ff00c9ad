using ParScale;
using ParScale.Server;
using ParScale.Text.Chat;

// The OpenAI API inside an application of one's own, beside its other endpoints.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
WebApplication app = builder.Build();
string? folder = app.Configuration["model"], key = app.Configuration["key"];

using var service = new ParScaleService(new ServerOptions { ApiKeys = key is null ? [] : [key] });
app.MapParScale(service);
app.MapGet("/busy", () => $"{service.Running} requests run, {service.Waiting} wait");

// The application listens while the model loads; until it is there requests are answered 503, and /ready says so.
await app.StartAsync();
using LanguageModel model = LanguageModel.Load(folder, folder is null ? new LoadOptions { ChatTemplate = ChatTemplate.ChatMl } : null);
service.Serve(("my-model", model));

// Running requests end before the application does.
await app.WaitForShutdownAsync();
await service.DrainAsync(TimeSpan.FromSeconds(30));
