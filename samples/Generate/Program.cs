using ParScale;

using LanguageModel model = LanguageModel.Load();   // a folder in Hugging Face layout, or nothing: the embedded model
await foreach (var piece in model.GenerateAsync("ROMEO:"))
    Console.Write(piece.Text);
