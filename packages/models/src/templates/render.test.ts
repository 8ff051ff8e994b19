/** Templates against what transformers' environment of Jinja writes, and what they may ask for. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { TemplateFault } from "./fault.js";
import { parseTemplate } from "./parse.js";
import { renderTemplate } from "./render.js";

/** By conversation and whether an answer begins; null where Python refuses. */
type Result = string | null | Readonly<Record<string, string | null>>;

interface Renderings {
  readonly messages: Readonly<Record<string, readonly object[]>>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly tool: object;
  readonly rows: readonly (readonly [string, Result])[];
}

/** Made with `render_jinja_template` of Python's transformers (versions in the file) at the time below. */
const python = readJsonFile(
  fileURLToPath(new URL("python-renderings.json", import.meta.url)),
) as Renderings;
const now = () => new Date(2026, 10, 29, 15, 4, 5, 678);

function rendered(template: string, key: string): string | null {
  const [name, answers] = key.split(":");
  const variables = {
    ...python.variables,
    tools: name === "tools" ? [python.tool] : null,
    documents: name === "system" ? python.variables.docs : null,
    messages: python.messages[name],
    add_generation_prompt: answers === "True",
  };
  try {
    return renderTemplate(parseTemplate(template), variables, now);
  } catch (error) {
    if (error instanceof TemplateFault) return null;
    throw error;
  }
}

const keys = ["talk:True", "talk:False", "system:True", "tools:True", "parts:True", "odd:True"];

describe("a template", () => {
  it("is written as Python writes it, and refused where Python refuses it", () => {
    expect(python.rows.length).toBeGreaterThan(400);
    for (const [template, result] of python.rows) {
      const results =
        typeof result === "object" && result !== null
          ? result
          : Object.fromEntries(keys.map((key) => [key, result]));
      for (const [key, expected] of Object.entries(results)) {
        expect(rendered(template, key), `${template} ${key}`).toBe(expected);
      }
    }
  });

  it.each([
    ["{{ 'a'|nosuch }}", "template", "nosuch"],
    ["{{ 'a' is nosuch }}", "template", "nosuch"],
    ["{{ nosuch() }}", "template", "nosuch"],
    ["x\n{{ messages[0].content.nosuch() }}", "template", "nosuch"],
    ["{{ strftime_now('%q') }}", "template", "%q"],
    ["{{ messages.append(1) }}", "template", "append"],
    ["{{ 1 + 'a' }}", "value", "'int' and 'str'"],
    ["{{ raise_exception('no') }}", "raised", "no"],
  ])("%s is blamed for it", (template, kind, part) => {
    const write = () =>
      renderTemplate(parseTemplate(template), { messages: [{ role: "user", content: "a" }] });
    expect(write).toThrow(part);
    expect(write).toThrow(
      expect.objectContaining({ kind, line: template.startsWith("x") ? 2 : 1 }),
    );
  });
});

describe("a template of a long conversation", () => {
  it("goes through it as often as templates do", () => {
    const content = `${" word".repeat(200_000)} `; // a million characters, and some
    const template =
      "{% for m in messages %}{% set c = m.content.strip() %}{% if '</think>' in c %}{{ c.split('</think>')[-1] }}{% endif %}{{ m.content | trim }}{% endfor %}";
    const messages = Array.from({ length: 4 }, () => ({ role: "user", content }));
    expect(renderTemplate(parseTemplate(template), { messages })).toHaveLength(
      4 * (content.length - 2),
    );
  });
});

describe("a template that never ends", () => {
  const doubled =
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}";
  const text = "{% set s = 'ab' * 1000000 %}";
  const nested = "{% for i in range(99999) %}".repeat(4).concat("x", "{% endfor %}".repeat(4));
  it.each([
    ["{% for i in range(2000000000) %}x{% endfor %}"],
    ["{% set n = namespace(x='a') %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}"],
    ["{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}"],
    [
      "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    ],
    ["{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"],
    ["{{ 'a' * 1000000000000 }}"],
    ["{{ [1] * 4000000000 }}"],
    ["{{ 'a'.ljust(4000000000) }}"],
    ["{{ 2 ** 5000 }}"],
    ["{{ 'ab'|join('x' * 9999999)|replace('x', 'yy' * 999999) }}"],
    [nested],
    [`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`],
    [`{{ ${"-".repeat(5000)}1 }}`],
    [`{{ ${"1 + ".repeat(50_000)}1 }}`],
    [`{{ ${"not ".repeat(50_000)}1 }}`],
    [`${"{% if true %}".repeat(5000)}`],
    [`${doubled}{{ n.x == n.y }}`],
    [`${doubled}{{ [n.x, n.y]|unique|list }}`],
    ["{% set l = range(20000)|list %}{% for i in l %}{% if -i in l %}{% endif %}{% endfor %}"],
    ["{{ [1]|batch(1000000000, 0) }}"],
    ["{{ ('<' * 2000000)|striptags }}"],
    ["{{ ('<!--' * 500000)|striptags }}"],
    ["{{ ('a b ' * 2000000)|title }}"],
    ["{{ ('%(a)9999d' * 300000) % {'a': 1} }}"],
    ["{{ ('{0:9999}' * 300000).format(1) }}"],
    [`${text}{% for i in range(99999) %}{% if s[i] == 'x' %}{% endif %}{% endfor %}`],
    [`${text}{% for i in range(99999) %}{% if 'x' in s %}{% endif %}{% endfor %}`],
    [`${text}{% for i in range(99999) %}{% for c in s %}{% break %}{% endfor %}{% endfor %}`],
    [`${text}{% for i in range(99) %}{% set x = s.split('a') %}{% endfor %}`],
    [`${text}{{ ([s] * 20000)|sort|length }}`],
    [`{{ x${".a".repeat(50_000)} }}`],
  ])("is stopped soon: %#", (template) => {
    const start = performance.now();
    try {
      renderTemplate(parseTemplate(template), { x: {} });
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateFault);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
