using ParScale.Generation;

namespace ParScale.Training.Conversion;

/// <summary>A text that a model writes by itself: what its queries look like where no other text is at hand.</summary>
internal static class OwnText
{
    private const int Texts = 8;
    private const int LongestText = 128;

    /// <summary>Eight texts of up to 128 tokens, drawn from the plain model's own distribution, one after the other.</summary>
    public static int[] Sample(string folder, long seed)
    {
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Streams = 1 });
        int length = Math.Min(LongestText, model.Config.MaxPositions);
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, Seed = (ulong)seed }, model.Config.VocabularySize);
        int[] tokens = new int[Texts * length];
        for (int text = 0; text < Texts; text++)
        {
            using Session session = model.CreateSession(length);
            // A model without a first or last token begins with each text's number.
            int next = model.Config.BeginOfTextId ?? (model.Config.EndOfTextIds.Count > 0 ? model.Config.EndOfTextIds[0] : text);
            for (int i = 0; i < length; i++)
            {
                tokens[text * length + i] = next;
                if (i < length - 1) next = sampler.Next(session.Append([next]));
            }
        }
        return tokens;
    }
}
