"""Records what the tokenizers of transformers 4.38.2 answer; writes tokenizers.zip. Run with that version installed:
python record_tokenizers.py TEXTFILE. The tests read the zip and never run this file."""
import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, GPT2TokenizerFast, LlamaTokenizerFast, T5TokenizerFast

TEXTS = ["Hello world, naïve café — 東京 12345!", "", " leading and trailing ", "It's don't  \n\n new\tline", "a",
         "The quick brown fox jumps over the lazy dog. " * 2, "[MASK] <s> </s> <extra_id_0> <|endoftext|> [SEP]", "🙂 émoji ﬁ ½"]
CHAT = [dict(role="user", content="Hi there"), dict(role="assistant", content=" Hello! "), dict(role="user", content="Bye")]
TEMPLATE = "{% for m in messages %}\n  {% if m.role == 'user' %}\n<{{ m.content | trim }}>{{ eos_token }}\n{% endif %}\n{% endfor %}"


def calls():
    "(method, arguments, keyword arguments)"
    for text in TEXTS:
        yield "__call__", [text], dict(return_offsets_mapping=True, return_special_tokens_mask=True, return_length=True)
        yield "tokenize", [text], dict(add_special_tokens=True)
    yield "__call__", [TEXTS], dict(padding=True)
    yield "__call__", [TEXTS], dict(padding="longest", pad_to_multiple_of=8)
    for padding in (False, True, "max_length", "do_not_pad", "bad"):
        for truncation in (None, True, "only_first", "only_second", "do_not_truncate", "bad"):
            yield "__call__", [TEXTS[:5]], dict(padding=padding, truncation=truncation, max_length=12)
            yield "__call__", [[TEXTS[0], TEXTS[5]], [TEXTS[5], TEXTS[4]]], dict(padding=padding, truncation=truncation, max_length=30)
    for stride in (0, 2):
        yield "__call__", [TEXTS], dict(truncation=True, max_length=9, stride=stride, return_overflowing_tokens=True, padding=True)
        yield "__call__", [TEXTS[4], TEXTS[5]], dict(truncation="only_second", max_length=24, stride=stride,
                                                     return_overflowing_tokens=True, return_offsets_mapping=True)
    yield "__call__", ["Hello wörld ! foo".split()], dict(is_split_into_words=True)
    yield "__call__", [[["a", "b"], ["c"]], [["d"], ["e", "f"]]], dict(is_split_into_words=True, padding=True)
    yield "__call__", ["hello"], dict(text_target="world")
    yield "__call__", ["a b"], dict(return_token_type_ids=True, return_attention_mask=False)
    yield "pad", [[dict(input_ids=[1, 2, 3]), dict(input_ids=[1])]], {}
    yield "pad", [dict(input_ids=[[1, 2], [3]], special_tokens_mask=[[1, 0], [1]], labels=[4, 5])], dict(pad_to_multiple_of=4)
    yield "pad", [dict(input_ids=[1, 2])], dict(padding="max_length", max_length=5)
    yield "convert_ids_to_tokens", [[0, 1, 5, 10**6]], {}
    yield "convert_tokens_to_ids", [["a", "▁a", "Ġa", "zzqq"]], {}
    for skip in (False, True): yield "decode_all", [TEXTS], dict(skip_special_tokens=skip)
    yield "apply_chat_template", [CHAT], dict(tokenize=False, chat_template=TEMPLATE)
    yield "apply_chat_template", [CHAT], dict(tokenize=True, chat_template=TEMPLATE)
    yield "apply_chat_template", [CHAT], dict(tokenize=False)
    yield "apply_chat_template", [[dict(role="system", content="Be nice.")] + CHAT], dict(tokenize=False)
    yield "add_tokens", [["newtok", "foo bar"]], {}
    yield "add_special_tokens", [dict(additional_special_tokens=["<x>"], mask_token="<m>")], {}
    yield "__call__", ["a newtok Newtok<x> foo bar <m>"], {}
    yield "decode_all", [["a newtok Newtok<x> foo bar <m>"]], dict(skip_special_tokens=True)


def ask(tokenizer, method, args, kwargs):
    "The answer of one call as JSON, {'error': True} if it raises."
    def decode_all(texts, **kw): return [tokenizer.decode(tokenizer(t)["input_ids"], **kw) for t in texts]
    try: answer = decode_all(*args, **kwargs) if method == "decode_all" else getattr(tokenizer, method)(*args, **kwargs)
    except Exception: return dict(error=True)
    return json.loads(json.dumps(dict(answer) if hasattr(answer, "keys") else answer))


def facts(tokenizer):
    "Attributes that must agree."
    names = ["vocab_size", "padding_side", "truncation_side", "model_input_names", "special_tokens_map", "all_special_ids",
             "clean_up_tokenization_spaces", "pad_token_id", "eos_token_id"]
    return {n: getattr(tokenizer, n) for n in names} | dict(len=len(tokenizer), cls=type(tokenizer).__name__)


def tiny(text):
    "Small tokenizers of three families, trained on a text."
    gpt2 = Tokenizer(models.BPE())
    gpt2.pre_tokenizer, gpt2.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    gpt2.train_from_iterator(text, trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                       special_tokens=["<|endoftext|>"], show_progress=False))
    llama = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    llama.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    llama.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    llama.train_from_iterator(text, trainers.BpeTrainer(vocab_size=420, special_tokens=["<unk>", "<s>", "</s>"] + bytes_, show_progress=False))
    state = json.loads(llama.to_str())
    state["added_tokens"] = [t | {"normalized": True} for t in state["added_tokens"] if t["id"] < 3]    # as in the older files
    llama = Tokenizer.from_str(json.dumps(state))
    t5 = Tokenizer(models.Unigram())
    t5.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t5.decoder = decoders.Metaspace()
    t5.train_from_iterator(text, trainers.UnigramTrainer(vocab_size=160, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    from tokenizers.processors import TemplateProcessing
    t5.post_processor = TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return {"gpt2": GPT2TokenizerFast(tokenizer_object=gpt2, pad_token="<|endoftext|>"),
            "gpt2_spaces": GPT2TokenizerFast(tokenizer_object=gpt2, add_prefix_space=True, padding_side="left", truncation_side="left", pad_token="!"),
            "llama": LlamaTokenizerFast(tokenizer_object=llama, add_eos_token=True, pad_token="<unk>"),
            "t5": T5TokenizerFast(tokenizer_object=t5, model_max_length=30)}


def record(load):
    "Facts and answers of a freshly loaded tokenizer."
    tokenizer = load()
    return dict(facts=facts(tokenizer), calls=[[*call, ask(tokenizer, *call)] for call in calls()])


if __name__ == "__main__":
    minilm, text = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").split("\n\n")
    out = dict(minilm=record(lambda: AutoTokenizer.from_pretrained(minilm)))
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(Path(__file__).with_name("tokenizers.zip"), "w", zipfile.ZIP_DEFLATED) as z:
        for name, tokenizer in tiny(text).items():
            home = Path(folder, name)
            tokenizer.save_pretrained(home)
            out[name] = record(lambda: AutoTokenizer.from_pretrained(home))
            for file in sorted(home.iterdir()): z.writestr(zipfile.ZipInfo(f"{name}/{file.name}"), file.read_bytes(), zipfile.ZIP_DEFLATED)
        z.writestr(zipfile.ZipInfo("expected.json"), json.dumps(out, ensure_ascii=False), zipfile.ZIP_DEFLATED)
