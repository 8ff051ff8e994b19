/** Attention patterns to look through in a page: choose a layer and a head, point at a token. */
import { type AttentionBlock, visibleToken } from "@mlxterp/results";

/**
 * The view's place and data; the page's script brings it to life. Weights travel as bytes (0 … 255), which is
 * finer than an eye can tell shades apart.
 */
export function attentionView({ pieces, patterns, causal, open }: AttentionBlock): string {
  const data = {
    tokens: pieces.map(visibleToken),
    causal,
    ...(open && { open: { layer: open.layer, head: open.head } }),
    patterns: patterns.map(({ layer, head, weights }) => ({
      layer,
      head,
      weights: base64(Uint8Array.from(weights, (weight) => Math.round(weight * 255))),
    })),
  };
  // "<" could end the element; within JSON strings the escape means the same
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return [
    `<div class="attention-view"><noscript>Choosing layers and heads needs JavaScript.</noscript>`,
    `<script type="application/json">${json}</script></div>`,
  ].join("");
}

/** As browsers and Node write it alike; in parts, since a call takes no more than so many arguments. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return btoa(text);
}

/** Runs in the page; sets texts only as text, never as markup. */
export const attentionScript = `
"use strict";
for (const view of document.querySelectorAll(".attention-view")) {
  const { tokens, patterns, causal, open } = JSON.parse(view.querySelector("script").textContent);
  for (const pattern of patterns) {
    pattern.bytes = Uint8Array.from(atob(pattern.weights), (character) => character.charCodeAt(0));
  }
  const size = tokens.length;
  const make = (parent, name, text) => {
    const element = parent.appendChild(document.createElement(name));
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const draw = (parent, name, attributes) => {
    const element = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const choice = (title, values) => {
    const select = make(make(view, "label", title + " "), "select");
    for (const value of values) make(select, "option", String(value));
    select.addEventListener("change", () => show());
    return select;
  };
  const distinct = (key) => [...new Set(patterns.map((pattern) => pattern[key]))];
  const layer = choice("Layer", distinct("layer"));
  const head = choice("Head", distinct("head"));
  if (open) { layer.value = String(open.layer); head.value = String(open.head); }
  const strip = make(view, "div");
  strip.className = "tokens";
  const reading = make(view, "div");
  reading.className = "reading";
  reading.setAttribute("aria-live", "polite");
  const shade = (weight) => "rgb(" + [247, 251, 255].map((pale, at) => Math.round(pale + ([8, 48, 107][at] - pale) * weight)).join(",") + ")";
  const cellSize = Math.max(8, Math.min(24, Math.floor(760 / size)));
  const margin = 12 + 7 * Math.max(...tokens.map((token) => Math.min(14, token.length)));
  const picture = draw(view, "svg", { width: margin + size * cellSize + 8, height: margin + size * cellSize + 8, role: "img", "font-size": 11, fill: "#1a1a1a" });
  picture.setAttribute("viewBox", "0 0 " + picture.getAttribute("width") + " " + picture.getAttribute("height"));
  const cells = [];
  for (let query = 0; query < size; query++) {
    const middle = (query + 0.7) * cellSize;
    const short = tokens[query].slice(0, 14);
    draw(picture, "text", { x: margin - 6, y: middle, "text-anchor": "end" }).textContent = short;
    draw(picture, "text", { transform: "translate(" + (margin + middle) + " " + (size * cellSize + 6) + ") rotate(-90)", "text-anchor": "end" }).textContent = short;
    for (let key = 0; key < (causal ? query + 1 : size); key++) {
      const cell = draw(picture, "rect", { x: margin + key * cellSize, y: query * cellSize, width: cellSize - 1, height: cellSize - 1 });
      cell.addEventListener("pointerenter", () => choose(query, key));
      cells.push({ cell, query, key });
    }
  }
  let chosen = size - 1;
  const current = () => patterns.find((one) => String(one.layer) === layer.value && String(one.head) === head.value);
  const weightOf = (query, key) => current().bytes[query * size + key] / 255;
  const buttons = tokens.map((token, index) => {
    const button = make(strip, "button", token);
    button.type = "button";
    button.addEventListener("pointerenter", () => choose(index));
    button.addEventListener("focus", () => choose(index));
    return button;
  });
  const choose = (query, key) => {
    chosen = query;
    buttons.forEach((button, index) => {
      const weight = !causal || index <= query ? weightOf(query, index) : 0;
      button.style.background = shade(weight);
      button.style.color = weight > 0.55 ? "#ffffff" : "#1a1a1a";
      button.setAttribute("aria-pressed", String(index === query));
    });
    const best = key === undefined ? buttons.map((_, index) => index).slice(0, causal ? query + 1 : size).sort((a, b) => weightOf(query, b) - weightOf(query, a)).slice(0, 3) : [key];
    reading.textContent = tokens[query] + " looks at " + best.map((index) => tokens[index] + " " + weightOf(query, index).toFixed(2)).join(", ");
  };
  const show = () => {
    if (!current()) return;
    for (const { cell, query, key } of cells) cell.setAttribute("fill", shade(weightOf(query, key)));
    picture.setAttribute("aria-label", "Attention pattern of layer " + layer.value + ", head " + head.value);
    choose(chosen);
  };
  show();
}
`.trim();

/** SHA-256 of the script in base64, by which the page's policy lets it run; a browser has no call for it that answers at once. */
export const attentionScriptHash = "nm4JBvmKexH8V6mcg5UdVlAkdVgIYrytfQU1/F6lde4=";
