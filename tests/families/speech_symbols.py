"""Families of models that hear or speak. FastSpeech2ConformerTokenizer and Pop2PianoTokenizer need packages that the reference's environment lacks."""
import json
import os
import re

from vocabularies import FOREIGN, texts as strings

SPECIAL = "<pad> <s> </s> <unk>".split()
N = int(os.environ.get("TEXTS", 1000))
LETTERS = sorted({c for t in strings(1500) for c in t} - {*" ½①🇫שж"})
FRAMES = [[11, 11, 0, 5, 5, 5, 0, 15, 15, 0, 15, 8, 8, 4, 4, 4, 0, 18, 8, 0, 13, 0, 15, 14, 14, 0, 0], [4, 4, 11, 4, 0, 4, 5, 4], [], [0, 0],
          [4], [3, 3, 11], [1, 11, 2], [11, 1, 11, 4, 1, 4, 11, 27, 4, 6], [11, 9999, 11]]


def symbols(folder, first=(*SPECIAL, "|"), rest=LETTERS, name="vocab.json", argument="vocab_file"):
    "A file with the id of every symbol"
    made = {c: i for i, c in enumerate(dict.fromkeys([*first, *rest]))}
    (folder / name).write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    return {argument: folder / name}


def clear(made, unknown="½①🇫שж", gap=""):
    "Without what transformers merges when it skips special tokens before it groups: equal neighbours of special or unknown symbols"
    hidden = re.compile(rf"(.)(?:\s*<s>\s*|\s*</s>\s*|\s*<unk>\s*|\s*<pad>\s*|[{unknown}])+\1", re.S)
    return [t for t in made if not hidden.search(re.sub(r"\s*(<s>|</s>|<unk>|<pad>)\s*", r"\1", t))]


def letters(folder): return symbols(folder)


SOUNDS = {*LETTERS, "aɪ", "oʊ", *sorted({w for t in strings(N, special=SPECIAL) for w in t.split(" ")} - {"", *SPECIAL})[::2]}


def phonemes(folder): return symbols(folder, (*SPECIAL, "|"), sorted(SOUNDS))


def clear_sounds(made):
    "As `clear`, of symbols between spaces; and without texts of which nothing is left, an error in transformers"
    for t in made:
        sounds = [s for part in re.split("(<s>|</s>|<unk>|<pad>)", t) for s in part.split(" ") if s]
        known = [(i, s) for i, s in enumerate(sounds) if s in SOUNDS]
        if known and all(a != b or j == i + 1 for (i, a), (j, b) in zip(known, known[1:])): yield t


def voice(folder): return symbols(folder, (" ",), [c for c in LETTERS if not c.isupper() or c in "ABCÖ"] + ["<unk>"])


def jukebox(folder):
    "Three small files"
    return {**symbols(folder, (), ["unknown", "alan jackson", "alan_jackson.v2", "a_b.v2", "abba.v2"], "artists.json", "artists_file"),
            **symbols(folder, (), ["unknown", "country rock", "rock.v2", "hip_hop.v2", "country_rock.v2"], "genres.json", "genres_file"),
            **symbols(folder, (), "ABCHabcdehilowr. +-\n'()[]x\t", "lyrics.json", "lyrics_file")}


CTC = [("decode", [row]) for row in FRAMES] + [("batch_decode", [FRAMES[:2]])]
TIMES = [("decode", [row, False, None, True]) for row in FRAMES if row]
WORDS = [("decode", [row, False, None, *asked]) for row in FRAMES if row for asked in ((False, True), (True, True))]
SONGS = [("Alan Jackson", "Country Rock", "A+B-C {x}\\w \tЖ"), ("ABBA", "Rock_hip hop_x", "aéc"), ("A & B", "x", "ÉCHO (la)"), ("?", "", "")]
WAVES = [[[1.0, 2.0, 4.0]], [[[1.0, 2.0], [3.0]], True], [[[1.0, 2.0], [3.0]], "max_length", 4], [[[1.0, 2.0, 3.0], [3.0]], True, None, 4]]

FAMILIES = {
    "Wav2Vec2CTCTokenizer": (letters, {}, dict(texts=clear(strings(N, special=SPECIAL)), calls=CTC + TIMES + WORDS + [("batch_decode", [FRAMES[:2], False, None, True, True])])),
    "Wav2Vec2Tokenizer": (letters, dict(return_attention_mask=True), dict(texts=[], calls=[("__call__", w) for w in WAVES] + CTC)),
    "Wav2Vec2PhonemeCTCTokenizer": (phonemes, dict(do_phonemize=False, word_delimiter_token="|"),
                                    dict(texts=[*clear_sounds(strings(N, special=SPECIAL))], calls=[c for c in CTC if c[1][0]] + TIMES)),
    "VitsTokenizer": (voice, dict(phonemize=False), dict(texts=strings(N), calls=[("normalize_text", ["A É b<unk>C Ö Σ"])])),
}

BY_HAND = {  # equal but for `added_tokens_decoder`: transformers gives the unknown token, which is in no file, two ids
    "JukeboxTokenizer": (jukebox, {}, dict(texts=[], calls=[("__call__", [*song, "np"]) for song in SONGS] + [("_convert_id_to_token", [2, [2, -1], [1, 2]])])),
}
