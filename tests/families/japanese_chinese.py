"""Families for languages that are written without spaces."""
import json
import os
import random
import shutil
from functools import partial

from vocabularies import SPECIAL, sentencepiece

JAPANESE = ("東京 都 に 行く 。 国家 公務員 すもも も もも の うち 今日 は いい 天気 です ね 、 アップルストア で iPhone８ を 買っ た ｱｯﾌﾟﾙ が 京都 大学 "
            "学生 ㈱ ① ！ 「 」 Hello World BERT 2019 年 3.14 😀 e\u0301 か\u3099 ー 々 行っ て き まし 食べ たい").split(" ")
CHINESE = ("今天 天气 非常 好 。 我 来到 北京 清华大学 ， 小明 硕士 毕业 于 中国科学院 计算所 后 在 日本 京都大学 深造 你好 世界 ！ 的 是 中国 人工智能 "
           "语言 模型 hello World BERT 2019 年 3.14 😀 “ ” 、 臺灣 永和 服装 饰品 有限公司").split(" ")


def sentences(words, n=int(os.environ.get("TEXTS", 1000)), seed=0):
    "Texts with and without spaces between the words of a list"
    rng = random.Random(seed)
    made = ["", " ", "a", words[0], "Hello world", "  two  spaces ", "line\nbreak", "x" * 120]
    while len(made) < n:
        chosen = [rng.choice(words) for _ in range(rng.randint(1, 14))]
        made.append(rng.choice(["", "", "", " ", "\u3000"]).join(chosen))
    return made


def vocabulary(folder, words, special=SPECIAL, joined="##"):
    "A vocab.txt of words, their characters, and these again as continuations; a third is left out"
    letters = sorted({c for w in words for c in w})
    lower = [w.lower() for w in words]
    rest = [*words, *lower, *letters, *[joined + c for c in letters if joined], *"abcdehlortw,", *[joined + c for c in "elorwd" if joined]]
    kept = [p for i, p in enumerate(dict.fromkeys(rest)) if i % 5 != 4 and p not in special]
    (folder / "vocab.txt").write_text("\n".join([*special, *kept]) + "\n", encoding="utf-8")
    return {"vocab_file": folder / "vocab.txt"}


def shaped(folder):
    "RoCBert: a vocabulary, with a shape and a pronunciation for each piece"
    files = vocabulary(folder, CHINESE)
    pieces = files["vocab_file"].read_text(encoding="utf-8").split("\n")[:-1]
    for name, step in ("word_shape", 7), ("word_pronunciation", 11):
        files[f"{name}_file"] = folder / f"{name}.json"
        files[f"{name}_file"].write_text(json.dumps({p: i * step % 97 for i, p in enumerate(pieces)}), encoding="utf-8")
    return files


def both(folder): return vocabulary(folder, JAPANESE) | {"spm_file": sentencepiece(folder)["vocab_file"]}


def ant(folder):
    special = "<d> </d> <s> </s> <pad> <unk> </n> </_>".split()
    return vocabulary(folder, CHINESE, special, "")


def cpm_json(folder):
    "A tokenizer.json with Chinese words and the marks of CPM"
    from transformers_lit import PreTrainedTokenizerFast
    from transformers_lit.tokenizers.decoders import MetaspaceDecoder
    from transformers_lit.tokenizers.pipeline import Pipeline, to_tokenizers
    from transformers_lit.tokenizers.post_processors import TemplateProcessing, read_template
    from transformers_lit.tokenizers.pre_tokenizers import Metaspace
    from transformers_lit.tokenizers.unigram import Unigram
    special = "<unk> <s> </s> <cls> <sep> <pad> <mask> <eod> <eop>".split()
    words = sorted({*CHINESE, *(c for w in CHINESE for c in w), *"abcdefghijklmnopqrstuvwxyz▂▃"})
    scored = [(t, 0.0) for t in special] + [("▁", -5.0)] + [(p + w, -6.0 - len(p)) for w in words for p in ("", "▁")]
    tokens = {n: dict(id=t, ids=[i], tokens=[t]) for i, (t, n) in enumerate(zip(special, special)) if n in ("<sep>", "<cls>")}
    post = TemplateProcessing(read_template("$A <sep> <cls>:2"), read_template("$A <sep> $B:1 <sep>:1 <cls>:2"), tokens)
    added = [dict(id=i, content=t, special=True) for i, t in enumerate(special)]
    pipeline = Pipeline(Unigram(scored, 0), None, Metaspace(), post, MetaspaceDecoder(), added)
    PreTrainedTokenizerFast(to_tokenizers(pipeline)).save_pretrained(folder / "files")
    return {"tokenizer_file": shutil.copyfile(folder / "files" / "tokenizer.json", folder / "tokenizer.json")}


japanese, chinese = partial(vocabulary, words=JAPANESE), partial(vocabulary, words=CHINESE)
IN_JAPANESE, IN_CHINESE = dict(texts=sentences(JAPANESE)), dict(texts=sentences(CHINESE))
SHAPES = [("convert_tokens_to_shape_ids", [["好", "zz", "[CLS]"]]), ("convert_tokens_to_pronunciation_ids", ["好"])]

FAMILIES = {
    "BertJapaneseTokenizer": (japanese, dict(word_tokenizer_type="mecab"), IN_JAPANESE),
    "RoFormerTokenizer": (chinese, {}, IN_CHINESE),
    "RoFormerTokenizerFast": (chinese, {}, IN_CHINESE),
    "RoCBertTokenizer": (shaped, {}, IN_CHINESE | dict(calls=SHAPES)),
    "CpmTokenizer": (sentencepiece, {}),
    "CpmTokenizerFast": (cpm_json, {}, IN_CHINESE | dict(differ=["pairs", "cut"])),  # the reference fails on pairs
    "CpmAntTokenizer": (ant, {}, IN_CHINESE | dict(calls=[("check", ["今天"]), ("check", ["no"])])),
}
