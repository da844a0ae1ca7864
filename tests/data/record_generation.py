"""Writes generation.json: the ids that transformers 4.38.2 generates for the calls of ../generation_calls.py.

    .venv/bin/python tests/data/record_generation.py write FOLDER                    # the models, from names as in parity
    .envs/transformers-4.38.2/bin/python tests/data/record_generation.py run FOLDER  # the reference's answers
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

KINDS = {"gpt2": "GPT2LMHeadModel", "t5": "T5ForConditionalGeneration"}


def write(folder):
    "Four checkpoints: a model and an assistant that mostly agrees with it, decoder-only and encoder-decoder."
    from safetensors.torch import load_file, save_file
    from transformers_lit.book.parity import Cases, weight_of
    for name, kind in KINDS.items():
        cases = Cases(name)
        for role, noise in (("", 0.0), (" assistant", 0.15)):
            home = Path(folder, name + role)
            home.mkdir(parents=True, exist_ok=True)
            cases.write(cases.cases[kind], home)
            state = load_file(home/"model.safetensors")
            state = {k: (v + noise * weight_of(k, v.shape, "assistant") if v.is_floating_point() else v).contiguous() for k, v in state.items()}
            save_file(state, home/"model.safetensors", metadata={"format": "pt"})


def load(folder, library):
    return {name + role: getattr(library, kind).from_pretrained(Path(folder, name + role)).eval()
            for name, kind in KINDS.items() for role in ("", " assistant")}


if __name__ == "__main__":
    action, folder = sys.argv[1:]
    if action == "write": write(folder)
    else:
        import transformers
        from generation_calls import BY_NAME, CALLS, call, call_by_name
        models = load(folder, transformers)
        answers = {name: call(models, name) for name in CALLS}
        answers |= {name: call_by_name(transformers, models, name) for name in BY_NAME}
        Path(__file__).with_name("generation.json").write_text(json.dumps(answers, indent=0) + "\n")
