/** Damages the files of a tokenizer at random, from a seed: steps that multiply texts, patterns that search for ever, broken templates. */
import { changeJson, odd, pick, type Random } from "./damage.js";

const replacement = (text: string, content: string) => ({
  type: "Replace",
  pattern: { String: text },
  content,
});

/** What nobody expects in a tokenizer.json. */
const oddPart = (random: Random): unknown =>
  pick<() => unknown>(random, [
    () => odd(random),
    () => odd(random),
    () =>
      pick(random, ["(a+)+$", "(a|a)*b", "\\s*.*x", "(.*)*", "a*a*a*b", "[", "(?<=a+)b", "\\1"]),
    () => ({ Regex: pick(random, ["(a|aa)+$", "(x+x+)+y", "(?=a)*", "", "a{1000000}"]) }),
    () => ({ String: pick(random, ["", "a", " "]) }),
    () => ({ type: pick(random, ["Sequence", "Replace", "ByteLevel", "Metaspace", "Lowercase"]) }),
    () => replacement("a", "a".repeat(pick(random, [2, 1000, 100_000]))),
    () => sequence(random),
    () => new Array(5000).fill({ type: "Lowercase" }),
    () => [["a", Number.MAX_VALUE]],
    () => "[UNK]",
    () => "a".repeat(200_000),
  ])();

/** Steps under the names of all three kinds, the same again and again. */
function sequence(random: Random): object {
  const step = pick<object>(random, [
    replacement("a", "aa"),
    { type: "ByteLevel", add_prefix_space: true, use_regex: false },
    { type: "BPEDecoder", suffix: "" },
    { type: "CTC", word_delimiter_token: "" },
    { type: "NFKD" },
  ]);
  const steps = new Array<object>(pick(random, [2, 40])).fill(step);
  return { type: "Sequence", normalizers: steps, pretokenizers: steps, decoders: steps };
}

/** Changes some places of a tokenizer.json, its steps more often than others. */
export function changeTokenizer(json: object, random: Random): unknown {
  let changed: unknown = json;
  for (let count = 1 + Math.floor(random() * 2); count > 0; count--) {
    const place = pick(random, [
      "normalizer",
      "pre_tokenizer",
      "decoder",
      "post_processor",
      "model",
    ]);
    const inner = (changed as Record<string, unknown> | null)?.[place];
    if (random() < 0.3 || typeof changed !== "object" || changed === null) {
      changed = changeJson(changed, random, oddPart);
    } else if (random() < 0.4 && place !== "model")
      changed = { ...changed, [place]: sequence(random) };
    else changed = { ...changed, [place]: changeJson(inner, random, oddPart) };
  }
  return changed;
}

const pieces = [
  ...[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "|",
    "(",
    ")",
    "[",
    "]",
    "~",
    "*",
    "**",
    "'",
    ".",
    ":",
  ],
  ..."for in if endif endfor messages loop macro set not is x 0 1".split(" "),
  ...[
    "range(999999999)",
    "'x' * 999999999",
    "|tojson",
    "|join",
    ".items()",
    "|batch(0)",
    "9 ** 9999",
  ],
  ...[
    "strftime_now('%Q')",
    ".__class__",
    "{% for m in messages %}",
    "{% endfor %}",
    "|indent(99999999)",
  ],
];

/** Changes some places of a template. */
export function changeTemplate(
  template: string,
  others: readonly string[],
  random: Random,
): string {
  let changed = template;
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    const at = Math.floor(random() * (changed.length + 1));
    const inserted = pick(random, [
      () => pick(random, pieces),
      () => pick(random, others).slice(0, Math.floor(random() * 40)),
      () => pick(random, pieces).repeat(3000),
      () => "",
      () => "",
    ])();
    const cut = random() < 0.5 ? Math.floor(random() * 6) : 0;
    changed = changed.slice(0, at) + inserted + changed.slice(at + cut);
  }
  return changed;
}
