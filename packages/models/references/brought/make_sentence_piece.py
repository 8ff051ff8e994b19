#!/usr/bin/env python3
"""Makes small tokenizer.model files, and the ids that sentencepiece gives for some texts.

    python3 -m venv venv && venv/bin/pip install sentencepiece==0.2.2
    venv/bin/python packages/models/references/brought/make_sentence_piece.py

Run by hand, never by tests.
"""

import json
import shutil
from pathlib import Path

import sentencepiece

here = Path(__file__).parent / "sentence-piece"
corpus = """Mary and John went to the store. John gave a bottle of milk to Mary.
The quick brown fox jumps over the lazy dog, and the dog sleeps on.
She sells sea shells by the sea shore; the shells she sells are surely sea shells.
How much wood would a woodchuck chuck if a woodchuck could chuck wood?
Größe und Straße, naïve café, 東京 2024. 12 345 + 67 = 12 412!
It was the best of times, it was the worst of times, it was the age of wisdom.""".split("\n") * 3
texts = [
    "Mary gave the milk to John.",
    " a leading space",
    "two  spaces and   three, and one behind ",
    "Größe 東京 naïve",
    "unknown: 🙂🙂 ж and 北",
    "line\nbreak\tand tab",
    "ﬁne ＡＢＣ",
    "<tool>call</tool> here",
    "12345 woodchucks",
    "",
    " ",
    "▁",
    "aaaaaaaaaaaaaaaaaaaaaaaaaa",
]
settings = {
    "bpe": dict(model_type="bpe", vocab_size=420, byte_fallback=True, normalization_rule_name="identity",
                remove_extra_whitespaces=False, split_digits=True, user_defined_symbols=["<tool>", "</tool>"]),
    "bpe-plain": dict(model_type="bpe", vocab_size=140, normalization_rule_name="identity", add_dummy_prefix=False),
    "unigram": dict(model_type="unigram", vocab_size=130, normalization_rule_tsv=str(here / "rules.tsv"), bos_id=-1,
                    pad_id=0, eos_id=1, unk_id=2),
    "unigram-bytes": dict(model_type="unigram", vocab_size=390, byte_fallback=True, normalization_rule_name="identity",
                          remove_extra_whitespaces=False),
}


def main():
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    # ligature fi, fullwidth A B C
    (here / "rules.tsv").write_text("FB01\t66 69\nFF21\t41\nFF22\t42\nFF23\t43\nA\t20\n9\t20\n")
    for name, options in settings.items():
        folder = here / name
        folder.mkdir()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus), model_prefix=str(folder / "tokenizer"), minloglevel=2,
            hard_vocab_limit=False, character_coverage=0.98, **options)
        (folder / "tokenizer.vocab").unlink()
        loaded = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        rows = [{"text": text, "ids": loaded.encode(text), "decoded": loaded.decode(loaded.encode(text))} for text in texts]
        facts = {"size": loaded.get_piece_size(), "bos": loaded.bos_id(), "eos": loaded.eos_id(), "rows": rows}
        (folder / "expected.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
