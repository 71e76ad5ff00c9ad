"""Decode steps and prompts of Transformers on a graphics card, on a random Qwen2 model of a published shape in bfloat16, for scripts/gpu-check.sh."""
import sys
import time

import torch
from transformers import AutoModelForCausalLM, Qwen2Config

# Hidden size and width of the feed-forward part, as parscale has them (ParScale.ScalingLaws, PublishedShapes).
SHAPES = {"0.7B": (896, 4864), "0.9B": (1024, 5504), "1.3B": (1280, 6912), "1.8B": (1536, 8320), "3B": (2048, 11008), "4.7B": (2560, 13824)}
PROMPT, CONTEXT, STEPS, ROUNDS = 512, 64, 16, 5


def main() -> int:
    name = sys.argv[1]
    if name not in SHAPES:
        print(f"transformers-bench: {name} is none of {', '.join(SHAPES)}", file=sys.stderr)
        return 2
    if not torch.cuda.is_available():
        print("left out: torch finds no card")
        return 0
    hidden, intermediate = SHAPES[name]
    config = Qwen2Config(
        hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=36, num_attention_heads=16, num_key_value_heads=2, vocab_size=151_936,
        max_position_embeddings=32_768, tie_word_embeddings=True)
    # Made on the card: random numbers for 1.8B parameters would take the CPU half a minute.
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(config)
    model = model.to(device="cuda", dtype=torch.bfloat16).eval()
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {name} in bfloat16, batch and P = 1")
    with torch.inference_mode():
        steps, prompts = [], []
        for _ in range(ROUNDS):
            prompts.append(PROMPT / run(model, torch.zeros((1, PROMPT), dtype=torch.long, device="cuda"), None)[0])
            _, past = run(model, torch.zeros((1, CONTEXT), dtype=torch.long, device="cuda"), None)
            for step in range(STEPS):
                seconds, past = run(model, torch.zeros((1, 1), dtype=torch.long, device="cuda"), past)
                # The first one of a round warms up.
                if step:
                    steps.append(seconds * 1e3)
    median = sorted(steps)[len(steps) // 2]
    print(f"ms/step: median {median:.2f}, least {min(steps):.2f}, {weights / median / 1e6:.0f} GB/s; prompt of {PROMPT}: median {sorted(prompts)[len(prompts) // 2]:.0f} tokens/s")
    return 0


def run(model, tokens, past):
    torch.cuda.synchronize()
    start = time.perf_counter()
    output = model(input_ids=tokens, past_key_values=past, use_cache=True, logits_to_keep=1)
    int(output.logits[0, -1].argmax())
    return time.perf_counter() - start, output.past_key_values


if __name__ == "__main__":
    sys.exit(main())
